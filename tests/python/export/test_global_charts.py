"""What the global chart draws from, and its charts and files; labels are simulated."""

import copy
import dataclasses
import io
import json
import time

import altair as alt
import numpy as np
import pytest
from PIL import Image

from inv_widgets.export import chart_files, global_charts
from inv_widgets.export.chart_specs import checked, with_rows, without_rows
from inv_widgets.export.example_images import example_image
from inv_widgets.export.global_charts import VIEWS, global_chart
from inv_widgets.export.global_payload import EXAMPLE_BYTES, payload
from inv_widgets.export.global_rows import global_rows
from inv_widgets.export.payload import to_json
from inv_widgets.summary.aggregation import MinSupport, global_labels, group_names
from inv_widgets.summary.evidence import ClassEvidence, Evidence, Finding
from inv_widgets.summary.examples import ExampleMap, Thumbnail
from inv_widgets.summary.groups import Layer
from inv_widgets.summary.pipeline import summarize
from inv_widgets.summary.spread import Bootstrap
from inv_widgets.summary.summary import Summary


@pytest.fixture
def summary(labelled):
    return summarize(labelled)


def rows_of(sent, view, target="tabby", most=12):
    return global_rows(sent, view, target, most)


def test_payload_says_what_the_summary_says(summary):
    sent = payload(summary)
    frame = summary.to_frame()
    assert [each["name"] for each in sent["classes"]] == list(summary.targets)
    for shown in sent["classes"]:
        of_class = frame[frame["target_name"] == shown["name"]]
        assert [shown["labels"][i] for i in shown["rows"]["label"]] == list(of_class["label"])
        assert shown["rows"]["score"] == pytest.approx(list(of_class["score"]), abs=1e-4)
        assert [sent["groups"][i] for i in shown["rows"]["group"]] == list(of_class["group"])
        found = [[sent["maps"][i]["id"] for i in places] for places in shown["rows"]["examples"]]
        assert found == list(of_class["examples"])
        # What stands at no layer is left out: it is 0.
        layers = summary.by_layer()
        layers = layers[(layers["target_name"] == shown["name"]) & (layers["n_cluster_maps"] > 0)]
        names = [sent["layers"][i]["name"] for i in shown["cells"]["layer"]]
        assert names == list(layers["layer"])
        assert shown["cells"]["score"] == pytest.approx(list(layers["score"]), abs=1e-4)
    to_json(sent)  # no NaN


def test_examples_carry_their_map_and_picture(summary):
    sent = payload(summary)
    examples = {key for row in summary.rows for key in row.examples}
    assert {shown["id"] for shown in sent["maps"] if shown["offset"] >= 0} == examples
    for shown in sent["maps"]:
        example = summary.example_map(shown["id"])
        assert shown["labels"] == list(example.labels)
        if shown["offset"] < 0:
            continue  # another cluster map of its picture is the example
        cells = sent["bytes"][shown["offset"] : shown["offset"] + shown["height"] * shown["width"]]
        assert cells == example.cells
        assert sent["pictures"][shown["picture"]]["name"] == example.picture
        assert sent["pictures"][shown["picture"]]["thumbnail"] == summary.thumbnail(example.picture_hash).data


def test_members_of_merged_cluster_maps_are_told(labelled):
    column = labelled[0].columns[0]
    first, second, *others = column.cluster_maps
    merged = dataclasses.replace(first, members=(dataclasses.replace(first, id="one"), second))
    column = dataclasses.replace(column, cluster_maps=(merged, *others))
    labelled[0] = dataclasses.replace(labelled[0], columns=(column, *labelled[0].columns[1:]))
    summary = summarize(labelled)
    assert summary.example_map(first.id).members == ("one", second.id)
    sent = {shown["id"]: shown for shown in payload(summary)["maps"]}
    assert sent[first.id]["members"] == ["one", second.id]
    assert second.id not in sent
    assert not any("members" in shown for key, shown in sent.items() if key != first.id)
    withheld = to_json(payload(summary, [labelled[0].picture_hash]))
    assert second.id not in withheld


def test_withheld_pictures_leave_no_trace(summary):
    hidden = next(iter(summary.evidence.thumbnails))
    whole, sent = payload(summary), payload(summary, [hidden])
    name = next(each.picture for each in summary.evidence.maps.values() if each.picture_hash == hidden)
    ids = [each.id for each in summary.evidence.maps.values() if each.picture_hash == hidden]
    told = to_json(sent)
    assert name in to_json(whole)
    assert name not in told
    assert not any(one in told for one in ids)
    assert summary.thumbnail(hidden).data not in [picture.get("thumbnail") for picture in sent["pictures"]]
    assert len(sent["bytes"]) < len(whole["bytes"])
    # The numbers stay.
    for one, other in zip(whole["classes"], sent["classes"], strict=True):
        for key in set(one["rows"]) - {"examples"}:
            assert one["rows"][key] == other["rows"][key]


def test_rows_of_labels(summary):
    sent = payload(summary)
    rows = rows_of(sent, "labels", summary.targets[0])
    frame = summary.to_frame()
    frame = frame[frame["target_name"] == summary.targets[0]]
    assert len(rows) == len(frame)
    for row in rows:
        group = "all" if row["group"] == "all layers" else row["group"]
        (found,) = frame[(frame["group"] == group) & (frame["label"] == row["label"])].to_dict("records")
        assert row["score"] == pytest.approx(found["score"], abs=1e-4)
        assert row["low"] == found["low_support"]
        assert (row["weight"] is None) == (group == "all")
        assert ("few" in row["text"]) == found["low_support"]
        assert row["image"].startswith("data:image/png;base64,")
    assert {row["rank"] for row in rows_of(sent, "labels", summary.targets[0], 2)} == {1, 2}
    assert rows_of(sent, "labels", "no such class") == []


def test_rows_of_trends_lie_on_their_line(summary):
    sent = payload(summary)
    rows = rows_of(sent, "trends", summary.targets[0])
    trends = summary.trends()
    trends = trends[trends["target_name"] == summary.targets[0]].reset_index()
    assert rows
    for row in rows:
        trend = trends.loc[row["place"]]
        assert (row["label"], row["direction"]) == (trend["label"], trend["direction"])
        assert row["line"] == pytest.approx(trend["intercept"] + trend["slope"] * row["depth"], abs=1e-3)


def test_rows_of_layers_are_a_whole_table(summary):
    rows = rows_of(payload(summary), "layers", summary.targets[0], 3)
    assert len({row["label"] for row in rows}) == min(3, len({row["label"] for row in rows}))
    assert len(rows) == len({(row["label"], row["layer"]) for row in rows})
    assert len(rows) == len({row["label"] for row in rows}) * len({row["layer"] for row in rows})


@pytest.mark.parametrize("view", VIEWS)
def test_charts_are_altair_charts_with_a_plain_param(summary, view):
    chart = global_chart(view, rows_of(payload(summary), view, summary.targets[0]))
    assert isinstance(chart, alt.TopLevelMixin)
    spec = checked(chart)
    assert {"name": "picked", "value": []} in spec["params"]
    assert spec["data"]["name"] == view
    assert spec["data"]["values"]
    bare = without_rows(spec)
    assert bare["data"] == {"name": view}
    assert "values" not in json.dumps(bare)


def test_a_restyled_chart_keeps_its_style_and_takes_new_rows(summary):
    chart = global_chart("labels", rows_of(payload(summary), "labels", summary.targets[0])).configure_axis(
        labelFontSize=21
    )
    spec = checked(with_rows(chart, [{"label": "new"}]))
    assert spec["config"]["axis"]["labelFontSize"] == 21
    assert spec["data"]["values"] == [{"label": "new"}]


@pytest.mark.parametrize("kind", ["none", "selection"])
def test_a_chart_that_cannot_follow_is_refused_with_advice(kind):
    chart = alt.Chart(alt.InlineData(values=[{"label": "a"}])).mark_bar().encode(y="label:N")
    if kind == "selection":
        chart = chart.add_params(alt.selection_point(name="picked", fields=["label"]))
    with pytest.raises(ValueError, match=r"\[inv-widgets\] This chart .* 'picked'.*Start from chart\.chart"):
        checked(chart)


@pytest.mark.parametrize("wrong", [None, "a chart", {"mark": "bar"}, 3])
def test_what_is_no_chart_is_refused(wrong):
    with pytest.raises(TypeError, match=r"\[inv-widgets\] chart=.* give an Altair chart"):
        checked(wrong)


def test_a_chart_of_ones_own_with_the_param_is_taken():
    data = alt.InlineData(values=[{"label": "a", "n": 1}])
    chart = alt.layer(alt.Chart(data).mark_bar().encode(y="label:N", x="n:Q"), alt.Chart(data).mark_text())
    spec = without_rows(checked(chart.add_params(alt.param(name="picked", value=[]))))
    assert '"label": "a"' in json.dumps(spec)  # data that are not ours stay


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_files(summary, view, theme, tmp_path):
    rows = rows_of(payload(summary), view, summary.targets[0])
    spec = checked(global_chart(view, rows))
    svg = chart_files.save(spec, tmp_path / "chart.svg", theme=theme).read_text("utf-8")
    assert svg.startswith("<svg")
    assert rows[0]["label"] in svg
    assert ("#17181b" in svg) == (theme == "dark")
    if view == "labels":
        assert "data:image/png;base64," in svg
    with Image.open(chart_files.save(spec, tmp_path / "chart.png", theme=theme, scale=1)) as image:
        assert len(np.unique(np.asarray(image.convert("RGB")).reshape(-1, 3), axis=0)) > 20


def test_json_is_a_chart_by_itself(summary, tmp_path):
    rows = rows_of(payload(summary), "layers", summary.targets[0])
    path = chart_files.save(checked(global_chart("layers", rows)), tmp_path / "deep" / "chart.json")
    spec = json.loads(path.read_text("utf-8"))
    assert spec["$schema"].endswith("/vega-lite/v6.json")
    assert spec["data"]["values"] == rows


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("chart.pdf", {}, "ends in .html, .svg, .png or .json"),
        ("chart.svg", {"theme": "blue"}, "No theme 'blue'"),
        ("chart.png", {"scale": 0}, "scale=0"),
        ("chart.png", {"scale": "2"}, "scale='2'"),
    ],
)
def test_wrong_options(name, options, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        chart_files.save({}, tmp_path / name, **options)


def test_awkward_labels_stay_words(summary, tmp_path):
    sent = copy.deepcopy(payload(summary))
    words = ["<img src=x onerror=alert(1)>", "עין 🐱", "$&'\"\\", "datum.label"]
    for place, word in enumerate(words[: len(sent["classes"][0]["labels"])]):
        sent["classes"][0]["labels"][place] = word
    rows = rows_of(sent, "labels", summary.targets[0])
    svg = chart_files.save(checked(global_chart("labels", rows)), tmp_path / "chart.svg").read_text("utf-8")
    assert "<img" not in svg


def test_an_image_of_an_example(summary):
    sent = payload(summary)
    one, other = (example_image(sent, 0, opacity=opacity) for opacity in (0.1, 0.9))
    assert one is not None
    assert one != other
    sent["maps"][0]["offset"] = -1
    assert example_image(sent, 0) is None


def noise():
    """A thumbnail that is as big as a file as one can be."""
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (128, 128, 3), np.uint8)).save(
        buffer, "WEBP", quality=100
    )
    return buffer.getvalue()


def big_summary(n_labels, n_pictures=200):
    """A class with many labels and pictures, made without explanations."""
    random = np.random.default_rng(0)
    layers = tuple(
        Layer(f"l{i}", f"block {1 + i // 3}, layer {1 + i % 3}", i, 1 + i // 3, 1 + i % 3, f"block {1 + i // 3}")
        for i in range(9)
    )
    maps, findings = {}, []
    for number in range(n_labels * 2):
        label, layer, picture = (
            f"label {number % n_labels}",
            layers[random.integers(9)],
            f"p{random.integers(n_pictures)}",
        )
        key = f"map {number}"
        maps[key] = ExampleMap(
            id=key, layer=layer.name, title=layer.title, depth=layer.depth, weight=10.0, picture=f"{picture}.png",
            picture_hash=picture, place=0, target_name="thing", shape=(14, 14), cells=random.bytes(196),
            window=(0.0, 0.0, 64.0, 64.0), picture_size=(64, 64), labels=(label,),
        )  # fmt: skip
        findings.append(Finding(label, picture, layer.name, key, float(random.random() + 0.1), 10.0, 3, 3))
    pictures = {f"p{i}": f"p{i}.png" for i in range(n_pictures)}
    found = ClassEvidence("thing", pictures, {layer.name: frozenset(pictures) for layer in layers}, tuple(findings))
    evidence = Evidence((found,), layers, maps, dict.fromkeys(pictures, Thumbnail(noise(), 128, 128)))
    return Summary(
        global_labels(evidence, MinSupport(), Bootstrap(50)), group_names(layers), evidence, bootstrap=Bootstrap(50)
    )


def test_many_labels_stay_within_what_hosts_carry():
    summary = big_summary(5000)
    start = time.perf_counter()
    sent = payload(summary)
    took = time.perf_counter() - start
    assert len(sent["classes"][0]["labels"]) == 5000
    size = len(sent["bytes"]) + sum(len(picture.get("thumbnail", b"")) for picture in sent["pictures"])
    assert 0 < size <= EXAMPLE_BYTES
    # The best labels have their example.
    best = [i for i, rank in enumerate(sent["classes"][0]["rows"]["rank"]) if rank == 1]
    assert all(sent["classes"][0]["rows"]["examples"][i] for i in best)
    assert len(rows_of(sent, "labels", "thing")) == 12 * len(sent["groups"])
    assert took < 20


def test_no_labels():
    empty = dataclasses.replace(big_summary(1, 1), rows=())
    sent = payload(empty)
    assert sent["classes"][0]["labels"] == []
    for view in VIEWS:
        assert rows_of(sent, view, "thing") == []
        checked(global_chart(view, []))


def test_views_are_the_names_of_their_data():
    assert tuple(global_charts.VIEWS) == ("labels", "trends", "layers")


def test_rows_say_which_layers_are_brushed(summary):
    sent = payload(summary)
    names = [layer["name"] for layer in sent["layers"]]
    brushed = names[-1]
    rows = global_rows(sent, "layers", "tabby", 12, layers=[brushed, "a layer of another network"])
    assert {row["layer_name"] for row in rows if row["in_range"]} == {brushed}
    assert all(row["brushed"] for row in rows)
    inside = sent["layers"][-1]["group"]
    bars = global_rows(sent, "labels", "tabby", 12, layers=[brushed])
    assert {row["group"] for row in bars if row["in_range"]} == {inside, "all layers"}
    assert {row["group"] for row in bars} > {inside, "all layers"}
    for nothing in ([], ["a layer of another network"]):
        rows = global_rows(sent, "layers", "tabby", 12, layers=nothing)
        assert all(row["in_range"] and not row["brushed"] for row in rows)


def test_rows_say_which_group_stands_out(summary):
    sent = payload(summary)
    inside = sent["layers"][-1]["group"]
    bars = global_rows(sent, "labels", "tabby", 12, group=inside)
    assert {row["group"] for row in bars if row["in_group"]} == {inside}
    assert {row["group"] for row in bars} > {inside}
    cells = global_rows(sent, "layers", "tabby", 12, group=inside)
    names = {layer["name"] for layer in sent["layers"] if layer["group"] == inside}
    assert {row["layer_name"] for row in cells if row["in_group"]} == names
    assert not all(row["in_group"] for row in cells)
    for nothing in (None, "a group of another network"):
        assert all(row["in_group"] for row in global_rows(sent, "labels", "tabby", 12, group=nothing))


def test_a_chart_in_another_language(summary, tmp_path):
    rows = global_rows(payload(summary), "layers", "tabby", 12, language="it")
    spec = global_chart("layers", rows, "it").to_dict()
    assert "punteggio medio di un’immagine" in json.dumps(spec, ensure_ascii=False)
    svg = chart_files.save(spec, tmp_path / "chart.svg", language="it").read_text("utf-8")
    assert "blocco " in svg
    assert "strato " in svg
    assert ">block " not in svg
