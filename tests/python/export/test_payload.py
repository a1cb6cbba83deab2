"""The explorer's payload: offsets, numbers, bytes."""

import base64
import dataclasses
import io
import json
import math
import time

import numpy as np
import pytest
from PIL import Image, features

from inv_widgets.explanation import Label, Rest, Rounds
from inv_widgets.export import payload
from inv_widgets.export.colour_maps import COLOUR_MAPS, colour_map, colours
from inv_widgets.export.packed_cells import Cells, hundredths, levels
from inv_widgets.export.payload import channel_thumbnails, pictures, to_json
from inv_widgets.labels.merging import merge_column
from inv_widgets.run import Run

OFF = 2 / 255 + 1e-6  # half a step of 4 / 255, and float32


def test_offsets_lead_to_each_map_channels_and_thumbnails(make, unpacked, drawn):
    explanation = make(columns=3, maps=4)
    (sent,) = pictures(explanation)
    columns, channels, weights, thumbnails = (
        unpacked(name, sent) for name in ("columns", "channels", "channel_weights", "thumbnails")
    )
    seen = 0
    for told, column in zip(columns, explanation.columns, strict=True):
        rest = drawn(sent, told, told["rest_map"])
        np.testing.assert_allclose(rest / 255, column.rest.map, atol=OFF)
        for card, shown in zip(told["cluster_maps"], column.cluster_maps, strict=True):
            np.testing.assert_allclose(drawn(sent, told, card["map"]) / 255, shown.map, atol=OFF)
            mine = slice(card["channels"], card["channels"] + card["n_maps"])
            np.testing.assert_array_equal(channels[mine], shown.channels)
            np.testing.assert_allclose(weights[mine], shown.channel_weights, atol=0.005001)
            shape = (card["n_thumbnails"], told["thumbnail_height"], told["thumbnail_width"])
            here = thumbnails[card["thumbnails"] :][: math.prod(shape)].reshape(shape)
            np.testing.assert_array_equal(here, shown.channel_thumbnails)
            assert card["weight"] == pytest.approx(shown.weight, abs=1e-3)
            assert card["id"] == shown.id
            seen += 1
    assert seen == 12
    assert len(unpacked("maps", sent)) == sum(c.map_shape[0] * c.map_shape[1] * 5 for c in explanation.columns)


def test_thumbnails_of_channels_can_be_left_out_and_given_alone(make):
    explanation = make(columns=3, maps=4)
    (whole,), (less,) = pictures(explanation), pictures(explanation, thumbnails=False)
    assert channel_thumbnails(explanation) == whole["thumbnails"]
    del whole["thumbnails"]
    assert less == whole


@pytest.mark.parametrize(("grain", "share"), [(0.0, 0.2), (0.03, 0.45)])
def test_maps_take_little_room(grain, share):
    """Smooth ones 0.18 of their cells (0.25 without back references), grainy ones 0.43 (0.51 with all of them)."""
    rng, (rows, columns) = np.random.default_rng(0), np.mgrid[0:56, 0:56] / 56 - 0.5
    cells = Cells()
    for place in range(3):
        bump = np.exp(-4 * rows**2 - 4 * (columns - place / 9) ** 2)
        cells.add("maps", levels(np.clip(0.8 * bump + rng.normal(0, grain, bump.shape), 0, 1)))
    assert len(cells.packed()["maps"]) < share * 3 * 56 * 56


def test_what_is_told_of_the_picture_and_its_columns(make, unpacked):
    explanation = make(columns=1, window=(10.0, -6.0, 40.0, 72.0))
    (sent,) = pictures(explanation)
    assert sent["window"] == [0.125, -0.1, 0.5, 1.2]
    assert (sent["width"], sent["height"]) == (80, 60)
    assert sent["target"] == [1]
    assert sent["prediction"] == {"index": 1, "name": "tabby cat", "probability": 0.614}
    (column,) = unpacked("columns", sent)
    total = column["shown_weight"] + column["pruned_weight"] + column["dropped_weight"]
    assert total == pytest.approx(100, abs=0.01)
    assert (column["block"], column["layer_in_block"]) == (1, 1)  # worded by the browser, in its language
    assert column["silhouettes"] == [[3, 0.31], [4, 0.41]]


def test_maps_are_drawn_from_black_to_white_in_steps_of_four():
    shown = np.float32([[0.0, 1.0, np.nan], [2.1 / 255, 1.9 / 255, 250.1 / 255]])
    assert levels(shown).tolist() == [[0, 64, 0], [1, 0, 63]]
    assert (levels(np.linspace(0, 1, 9999, dtype=np.float32)) == np.rint(np.linspace(0, 63.75, 9999))).mean() > 0.999


def test_weights_of_channels_are_those_that_a_browser_writes():
    # Exact halves go up, as Number.prototype.toFixed does.
    weights = np.float32([0.125, 0.375, 2.675, 0.004, 0.006, 100.0, 31.415926])
    assert hundredths(weights).tolist() == [13, 38, 267, 0, 1, 10000, 3142]


@pytest.mark.parametrize("known", [True, False])
def test_big_pictures_are_shrunk_and_small_ones_kept_exactly(make, monkeypatch, known):
    if known and "avif" not in features.get_supported():
        pytest.skip("This Pillow writes no AVIF.")
    monkeypatch.setattr(payload, "_avif", lambda: known)
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (28, 28, 3), np.uint8)
    y, x = np.mgrid[0:500, 0:1024]
    big = np.uint8(np.stack([120 + 100 * np.sin(x / 90), 120 + 100 * np.cos(y / 70), (x + y) / 6], axis=2))
    one, two = pictures([make(picture=small, name="small"), make(picture=big, name="big")])
    with Image.open(io.BytesIO(one["image"])) as image:
        assert image.format == "WEBP"
        np.testing.assert_array_equal(np.asarray(image.convert("RGB")), small)
    assert (two["width"], two["height"]) == (768, 375)
    assert (one["image_type"], two["image_type"]) == ("image/webp", "image/avif" if known else "image/webp")
    with Image.open(io.BytesIO(two["image"])) as image, Image.open(io.BytesIO(two["thumbnail"])) as thumbnail:
        assert image.size == (768, 375)
        assert image.get_format_mimetype() == two["image_type"]
        as_it_was = np.asarray(Image.fromarray(big).resize(image.size), int)
        assert abs(np.asarray(image.convert("RGB")) - as_it_was).mean() < 1.5
        assert thumbnail.size == (96, 47)


def test_a_group_and_twins_have_keys_of_their_own(make):
    explanation = make()
    group = dataclasses.replace(explanation, target=(1, 2), target_name="cats")
    sent = pictures(Run([explanation, explanation, group]))
    assert len({one["key"] for one in sent}) == 3
    assert sent[2]["target"] == [1, 2]
    assert [one["key"] for one in sent] == [one["key"] for one in pictures([explanation, explanation, group])]


def test_nan_is_null_and_a_column_can_be_empty(make, unpacked):
    explanation = make(columns=1, maps=1, labels=(Label("ear", float("nan")),))
    column = explanation.columns[0]
    shown = dataclasses.replace(column.cluster_maps[0], silhouette=float("nan"))
    empty = dataclasses.replace(
        column, cluster_maps=(), silhouettes={3: float("nan")}, reason="dead", map_shape=(0, 0),
        rest=Rest(0.0, 0.0, 0, 0, np.zeros((0, 0))),
    )  # fmt: skip
    column = dataclasses.replace(column, cluster_maps=(shown,))
    (sent,) = pictures(dataclasses.replace(explanation, columns=(column, empty)))
    read = unpacked("columns", sent)
    assert read[0]["cluster_maps"][0]["silhouette"] is None
    assert read[0]["cluster_maps"][0]["labels"] == [{"name": "ear", "score": None}]
    assert read[1]["silhouettes"] == [[3, None]]
    assert read[1]["rest_map"] == -1
    assert read[1]["reason"] == "dead"


def test_json_holds_bytes_as_base64_and_nothing_that_ends_a_script():
    value = {"bytes": b"\x00\xff", "text": "</script><!-- & \u2028 \udcff 🐱", "number": 1.5}
    text = to_json([value])
    assert not set("<>&\u2028") & set(text)
    text.encode("utf-8")
    read = json.loads(text)[0]
    assert base64.b64decode(read.pop("bytes")) == b"\x00\xff"
    value.pop("bytes")
    assert read == value


def test_json_refuses_nan_and_other_things():
    with pytest.raises(ValueError, match="JSON"):
        to_json({"a": float("nan")})
    with pytest.raises(TypeError, match="not object"):
        to_json({"a": object()})


def test_a_saved_run_gives_the_same_payload(make, tmp_path):
    run = Run([make(name="a"), make(name="b", seed=1)])
    saved = run.save(tmp_path / "run.parquet")
    assert pictures(saved) == pictures(run)


def test_fifty_pictures_of_nine_layers_take_less_than_two_seconds(make, unpacked):
    picture = np.asarray(
        Image.fromarray(np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)).resize((1024, 768))
    )
    one = make(columns=9, maps=4, picture=picture)
    run = [dataclasses.replace(one, name=f"{i}.jpg") for i in range(50)]
    start = time.process_time()  # other processes of the machine do not count
    sent = pictures(run)
    assert sum(len(column["cluster_maps"]) for p in sent for column in unpacked("columns", p)) == 1800
    seconds = time.process_time() - start
    assert seconds < 6, seconds  # under 2 s on an idle machine's two cores


def test_colour_maps_are_whole_and_known_where_it_matters():
    for name in COLOUR_MAPS:
        assert colour_map(name).shape == (256, 3)
    assert colours("viridis")[0] == "#440154"
    assert colours("viridis")[-1] == "#fde725"
    assert colours("greys")[0] == "#000000"
    assert colours("greys")[-1] == "#ffffff"
    np.testing.assert_array_equal(colour_map("inferno")[-1], [252, 255, 164])
    with pytest.raises(ValueError, match=r"No colour map 'jet'\. There are: viridis"):
        colours("jet")


@pytest.mark.parametrize("name", ["viridis", "inferno", "cividis", "greys"])
def test_a_higher_value_is_lighter(name):
    rgb = colour_map(name) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    lightness = 116 * np.cbrt(np.maximum(luminance, 0.008856)) - 16
    assert (np.diff(lightness) > -0.35).all()  # 8-bit colours round
    assert lightness[-1] - lightness[0] > 70


def labelled(make, **changes):
    """A column of three cluster maps; simulated players call two of them the same."""
    explanation = make(columns=2, maps=3)
    said = [
        (Label("arch", 5.4, 6, 1.0, won=True, players=5), Label("stone", 0.7, 2, 3.0, players=2)),
        (Label("arch", 3.0, 4, 2.5, won=True, players=1), Label("roof", 3.0, 4, 2.5, won=True, players=3)),
        (Label("sky", 2.0),),
    ]
    column = explanation.columns[1]
    fared = Rounds(4, 2, 1, 5, 1.23456, 8.76543)
    apart = [
        dataclasses.replace(shown, labels=labels, rounds=fared)
        for shown, labels in zip(column.cluster_maps, said, strict=True)
    ]
    column = dataclasses.replace(column, cluster_maps=tuple(apart))
    shown = merge_column(explanation, column, lambda each: dataclasses.replace(each, rounds=fared, **changes))
    column = dataclasses.replace(column, cluster_maps=shown)
    return explanation, dataclasses.replace(explanation, columns=(explanation.columns[0], column))


def test_labels_tell_what_they_rest_on(make, unpacked):
    _, explanation = labelled(make)
    (sent,) = pictures(explanation)
    assert sent["support"] == {"rounds": 3, "players": 2}
    merged, single = unpacked("columns", sent)[1]["cluster_maps"]
    assert [label["name"] for label in merged["labels"]] == ["arch", "roof", "stone"]
    first, second = merged["members"]
    assert first["labels"] == [
        {"name": "arch", "score": 5.4, "best": True, "rounds": 6, "players": 5},
        {"name": "stone", "score": 0.7, "rounds": 2, "players": 2, "low": True},
    ]
    # A tie: both are best; four rounds of one player are of low support.
    assert second["labels"] == [
        {"name": "arch", "score": 3.0, "best": True, "rounds": 4, "players": 1, "low": True},
        {"name": "roof", "score": 3.0, "best": True, "rounds": 4, "players": 3},
    ]
    # What is not known is not held against a label.
    assert single["labels"] == [{"name": "sky", "score": 2.0, "best": True}]
    assert single["rounds"] == {"wins": 4, "losses": 2, "resigns": 1, "players": 5, "step": 1.235, "share": 8.765}
    assert "members" not in single


def test_members_lie_in_the_same_arrays_and_a_merged_map_costs_itself_alone(make, unpacked, drawn):
    plain, explanation = labelled(make)
    (before,), (sent,) = pictures(plain), pictures(explanation)
    column = explanation.columns[1]
    told = unpacked("columns", sent)[1]
    merged = told["cluster_maps"][0]
    cells = told["map_height"] * told["map_width"]
    np.testing.assert_allclose(drawn(sent, told, merged["map"]) / 255, column.cluster_maps[0].map, atol=OFF)
    assert merged["channels"] == merged["thumbnails"] == -1
    assert merged["n_maps"] == sum(member["n_maps"] for member in merged["members"])
    channels = unpacked("channels", sent)
    thumbnails = unpacked("thumbnails", sent)
    for card, member in zip(merged["members"], column.cluster_maps[0].members, strict=True):
        assert (card["id"], card["n_maps"]) == (member.id, member.n_maps)
        assert card["weight"] == pytest.approx(member.weight, abs=1e-3)
        np.testing.assert_allclose(drawn(sent, told, card["map"]) / 255, member.map, atol=OFF)
        np.testing.assert_array_equal(channels[card["channels"] :][: card["n_maps"]], member.channels)
        mine = thumbnails[card["thumbnails"] :][: member.channel_thumbnails.size]
        np.testing.assert_array_equal(mine, member.channel_thumbnails.ravel())
    assert len(unpacked("maps", sent)) == len(unpacked("maps", before)) + cells
    for name in ("channels", "channel_weights", "thumbnails", "image", "thumbnail"):
        assert len(sent[name]) == len(before[name]), name


def test_channels_that_are_not_the_members_are_sent(make, unpacked):
    _, explanation = labelled(make, channels=np.array([7, 300]), channel_weights=np.array([2.0, 1.0]))
    (sent,) = pictures(explanation)
    (merged,) = (shown for shown in unpacked("columns", sent)[1]["cluster_maps"] if "members" in shown)
    np.testing.assert_array_equal(unpacked("channels", sent)[merged["channels"] :][:2], [7, 300])


def test_without_labels_nothing_more_is_sent(make, unpacked):
    (sent,) = pictures(make())
    assert "support" not in sent
    assert sorted(unpacked("columns", sent)[0]["cluster_maps"][0]) == sorted([
        "id", "number", "weight", "n_maps", "silhouette", "labels", "map", "channels", "thumbnails", "n_thumbnails",
    ])  # fmt: skip


def test_a_saved_labelled_run_gives_the_same_payload(make, tmp_path):
    _, explanation = labelled(make)
    run = Run([explanation])
    assert pictures(run.save(tmp_path / "labelled.parquet")) == pictures(run)
