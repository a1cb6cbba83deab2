"""The GlobalChart's kernel side; labels are simulated."""

import dataclasses
import json
import re

import altair as alt
import pandas as pd
import pytest
import traitlets
from PIL import Image

from inv_widgets.errors import UnknownNameError
from inv_widgets.explanation import Label
from inv_widgets.export.payload import to_json
from inv_widgets.summary.pipeline import summarize
from inv_widgets.widgets.global_chart import GlobalChart
from inv_widgets.widgets.state import State

WORDS = ("ear", "tail", "eye")


def labelled(run, more=1.0):
    """Give each cluster map a simulated label."""
    made = []
    for seed, explanation in enumerate(run):
        columns = tuple(
            dataclasses.replace(
                column,
                cluster_maps=tuple(
                    dataclasses.replace(
                        shown,
                        id=f"{seed}-{column.depth}-{place}-{column.layer}",
                        labels=(Label(WORDS[(place + depth) % 3], more * (2.0 + place), 4, 1.0, won=True, players=3),),
                    )
                    for place, shown in enumerate(column.cluster_maps)
                ),
            )
            for depth, column in enumerate(explanation.columns)
        )
        made.append(dataclasses.replace(explanation, columns=columns))
    return made


@pytest.fixture
def summary(run):
    return summarize(labelled(run), groups=1)


@pytest.fixture
def chart(summary):
    return GlobalChart(summary)


def values(chart):
    return chart.chart.to_dict()["data"]["values"]


def test_it_shows_the_class_that_it_is_given_else_that_of_state_else_the_explorers(summary):
    state = State()
    chart = GlobalChart(summary, state=state)
    assert [row["label"] for row in values(chart)]
    of = {target: GlobalChart(summary, target=target) for target in summary.targets}
    # An Explorer shows the run's first explanation.
    assert values(chart) == values(of["dog"]) != values(of["cat"])
    state.picture = "cat.jpg"
    assert values(chart) == values(of["cat"])
    state.target = "wolf"
    assert values(chart) == values(of["wolf"])
    state.target = "no class of this summary"
    assert values(chart) == values(of["cat"])
    chart.target = "dog"
    assert values(chart) == values(of["dog"])


def test_nothing_says_which_picture_is_first_while_it_is_withheld(summary):
    state, game = State(), Game()
    chart = GlobalChart(summary, state=state)
    state._withholding.withhold(game, ["dog.jpg"])
    assert values(chart) == values(GlobalChart(summary, target="cat"))


def test_wrong_arguments_are_refused_with_advice(summary):
    with pytest.raises(TypeError, match=r"Did you mean 'max_labels'"):
        GlobalChart(summary, max_label=3)
    with pytest.raises(TypeError, match=r"inv\.summarize\(labelled\)"):
        GlobalChart([1, 2])
    with pytest.raises(TypeError, match=r"give an inv\.State"):
        GlobalChart(summary, state="state")
    with pytest.raises(UnknownNameError, match="Did you mean 'wolf'"):
        GlobalChart(summary, target="wolff")
    with pytest.raises(traitlets.TraitError, match="'labels', 'trends', 'layers'"):
        GlobalChart(summary, view="pie")
    with pytest.raises(traitlets.TraitError, match="from 1 to 200"):
        GlobalChart(summary, max_labels=0)


def test_the_chart_goes_out_and_comes_back_restyled(chart):
    before = chart._charts["labels"]
    chart.chart = chart.chart.configure_axis(labelFontSize=17)
    assert chart._charts["labels"]["spec"]["config"]["axis"]["labelFontSize"] == 17
    assert chart._charts["labels"]["fits"]
    assert "values" not in chart._charts["labels"]["spec"]["data"]
    assert chart.chart.to_dict()["config"]["axis"]["labelFontSize"] == 17
    # Only this view.
    chart.view = "layers"
    assert "axis" not in chart.chart.to_dict().get("config", {})
    chart.view = "labels"
    chart.chart = None
    assert chart._charts["labels"] == before


def test_a_size_of_ones_own_is_kept(chart):
    mine = chart.chart
    mine.columns = 1
    chart.chart = mine
    assert chart._charts["labels"] == chart._charts["labels"] | {"fits": False}
    assert chart._charts["labels"]["spec"]["columns"] == 1


def test_what_comes_out_is_a_copy(chart):
    chart.chart = chart.chart.configure_axis(labelFontSize=17)
    chart.chart.columns = 7
    assert chart.chart.to_dict()["columns"] != 7


def test_a_chart_without_the_param_is_refused_and_nothing_changes(chart):
    before = dict(chart._charts)
    with pytest.raises(ValueError, match="'picked'"):
        chart.chart = alt.Chart(alt.InlineData(values=[])).mark_bar()
    with pytest.raises(TypeError, match="Altair chart"):
        chart.chart = "bars"
    assert chart._charts == before


def test_a_new_summary_comes_in_place(chart, run):
    restyled = chart.chart.configure_axis(labelFontSize=17)
    chart.chart = restyled
    charts, before = chart._charts, values(chart)
    chart.summary = summarize(labelled(run, more=2.0), groups=1)
    assert chart._charts is charts  # only the numbers travel
    assert [row["score"] for row in values(chart)] == [2 * row["score"] for row in before]
    with pytest.raises(TypeError, match="give what"):
        chart.summary = None


def test_state_is_told_the_groups(summary, run):
    state = State()
    chart = GlobalChart(summary, state=state)
    names = [layer.name for layer in summary.layers]
    assert sorted(name for layers in state.groups.values() for name in layers) == sorted(names)
    chart.summary = summarize(labelled(run), groups={"early": names[:1], "late": names[1:]})
    assert state.groups == {"early": names[:1], "late": names[1:]}
    other = State()
    chart.state = other
    assert other.groups == state.groups


def test_the_browser_cannot_change_what_the_kernel_says(chart):
    before = (chart._summary, chart._charts)
    chart.set_state({"_summary": {}, "_charts": {}, "view": "trends"})
    assert (chart._summary, chart._charts) == before
    assert chart.view == "trends"


class Game:
    """What withholds pictures."""


def test_examples_are_withheld_while_a_game_is_open(summary):
    state, game = State(), Game()
    state._withholding.withhold(game, ["cat.jpg"])
    chart = GlobalChart(summary, state=state, target="cat")
    assert "cat.jpg" not in to_json(chart._summary)
    assert "dog.jpg" in to_json(chart._summary)
    assert values(chart)  # counts stay
    assert all(row["image"].startswith("data:image/gif") for row in values(chart))
    state._withholding.withhold(game, [])
    assert "cat.jpg" in to_json(chart._summary)
    assert values(chart)[0]["image"].startswith("data:image/png")
    # Opened later.
    state._withholding.withhold(game, ["dog.jpg"])
    assert "dog.jpg" not in to_json(chart._summary)
    chart.summary = summary
    assert "dog.jpg" not in to_json(chart._summary)
    state._withholding.lift(game)
    assert "dog.jpg" in to_json(chart._summary)


def test_another_state_withholds_other_pictures(summary):
    state, other, game = State(), State(), Game()
    chart = GlobalChart(summary, state=state)
    other._withholding.withhold(game, ["cat.jpg"])
    assert "cat.jpg" in to_json(chart._summary)
    chart.state = other
    assert "cat.jpg" not in to_json(chart._summary)
    chart.state = state
    assert "cat.jpg" in to_json(chart._summary)
    state._withholding.withhold(game, ["dog.jpg"])
    assert "dog.jpg" not in to_json(chart._summary)


@pytest.mark.parametrize("view", ["labels", "trends", "layers"])
def test_save(chart, view, tmp_path):
    chart.view = view
    chart.state.label = "ear"
    chart.target = "cat"
    svg = chart.save(tmp_path / "chart.svg").read_text("utf-8")
    assert "cat" in svg  # the class
    with Image.open(chart.save(tmp_path / "chart.png", scale=1, theme="dark")) as image:
        assert image.width > 100
    if view == "labels":
        assert 'opacity="0.25"' in svg  # what is picked stands out in the file too


@pytest.mark.parametrize("view", ["labels", "trends", "layers"])
def test_labels_that_are_names_of_javascript_are_drawn(run, view, tmp_path):
    names = ("__proto__", "constructor", "toString")
    pairs = dict(zip(WORDS, names, strict=True))
    said = [
        dataclasses.replace(explanation, columns=tuple(_renamed(column, pairs) for column in explanation.columns))
        for explanation in labelled(run)
    ]
    chart = GlobalChart(summarize(said, groups=1), view=view)
    chart.state.label = "__proto__"
    assert "__proto__" not in {row["label"] for row in values(chart)}  # Vega could not keep it
    plain = GlobalChart(summarize(labelled(run), groups=1), view=view)
    plain.state.label = WORDS[0]
    drawn, usual = (each.save(tmp_path / "chart.svg").read_text("utf-8") for each in (chart, plain))
    shown = [name for name, word in zip(names, WORDS, strict=True) if f">{word}<" in usual]
    assert shown
    for name in shown:
        assert f">{name}<" in drawn.replace("\N{WORD JOINER}", "")
    assert drawn.count("<path") == usual.count("<path")
    faint = 'opacity="0.3"' if view == "layers" else 'opacity="0.25"'
    assert drawn.count(faint) == usual.count(faint) > 0  # it is the picked one


def _renamed(column, names):
    return dataclasses.replace(
        column,
        cluster_maps=tuple(
            dataclasses.replace(
                shown, labels=tuple(dataclasses.replace(each, name=names[each.name]) for each in shown.labels)
            )
            for shown in column.cluster_maps
        ),
    )


def test_the_specifications_are_copies(summary):
    one = GlobalChart(summary)
    one._charts["labels"]["spec"].clear()
    assert GlobalChart(summary)._charts["labels"]["spec"]["facet"]


def test_representation(chart):
    assert repr(chart).startswith("GlobalChart(Summary(")


def result(**marks):
    """Make the frame of a TCAV result; the numbers are made up."""
    numbers = {"layer": "l", "score": 0.9, "p_holm": 0.01, "testable": True, "reason": ""}
    return pd.DataFrame([{"label": label, "target_name": "dog", "t": t} | numbers for label, t in marks.items()])


def test_a_tcav_result_comes_and_goes(summary, run):
    chart = GlobalChart(summary, target="dog", tcav=result(ear=5.0))
    verdicts = lambda: {row["label"]: row["verdict"] for row in values(chart)}  # noqa: E731
    assert verdicts() == {"ear": "rises", "tail": "", "eye": ""}
    chart.tcav = result(tail=-5.0)
    assert verdicts() == {"ear": "", "tail": "falls", "eye": ""}
    chart.summary = summarize(labelled(run, more=2.0), groups=1)
    assert verdicts()["tail"] == "falls"
    with pytest.raises(TypeError, match=r"tcav='ear'"):
        chart.tcav = "ear"
    assert verdicts()["tail"] == "falls"
    chart.set_state({"_tcav": {}})  # the browser has no say
    assert verdicts()["tail"] == "falls"
    chart.tcav = None
    assert set(verdicts().values()) == {""}


def test_a_tcav_result_outlives_its_summary_but_says_so(summary, run):
    chart = GlobalChart(summary, target="dog", tcav=result(ear=5.0, tail=-5.0, eye=0.1))
    told = lambda: {row["label"]: row["mark_text"][-10:] for row in values(chart) if row["verdict"]}  # noqa: E731
    assert set(told()) == {"ear", "tail", "eye"}
    assert "labels" not in " ".join(told().values())
    # What was "eye" is "tail" now: one loses its mark, the other has more cluster maps than were tested.
    swapped = {"eye": "tail"}
    changed = [
        dataclasses.replace(
            each,
            columns=tuple(
                dataclasses.replace(
                    column,
                    cluster_maps=tuple(
                        dataclasses.replace(
                            shown,
                            labels=tuple(
                                dataclasses.replace(label, name=swapped.get(label.name, label.name))
                                for label in shown.labels
                            ),
                        )
                        for shown in column.cluster_maps
                    ),
                )
                for column in each.columns
            ),
        )
        for each in labelled(run)
    ]
    chart.summary = summarize(changed, groups=1)
    assert {label: words.endswith("labels") for label, words in told().items()} == {"ear": False, "tail": True}
    chart.summary = summary
    assert "labels" not in " ".join(told().values())
    chart.summary = summarize(changed, groups=1)
    chart.tcav = result(tail=5.0)  # tested again
    assert not told()["tail"].endswith("labels")


def test_a_group_that_is_chosen_steps_forward_in_what_is_saved(summary):
    state = State()
    chart = GlobalChart(summary, state=state)
    group = summary.groups[0]
    state.group = group
    assert {row["group"] for row in values(chart) if row["in_group"]} == {group}
    state.label = "ear"
    assert all(row["in_group"] for row in values(chart))


def test_brushed_layers_step_forward_in_what_is_saved(summary, tmp_path):
    state = State()
    chart = GlobalChart(summary, state=state, view="layers")
    name = values(chart)[0]["layer_name"]
    state.layers = [name]
    assert {row["layer_name"] for row in values(chart) if row["in_range"]} == {name}
    assert 'opacity="0.3"' in chart.save(tmp_path / "chart.svg").read_text("utf-8")


def test_a_page_of_its_own(summary, tmp_path):
    chart = GlobalChart(summary, view="trends", target="cat", state=State(language="it"), tcav=result(ear=5.0))
    page = chart.save(tmp_path / "chart.html", theme="dark").read_text("utf-8")
    assert '<html lang="it">' in page
    told = json.loads(re.search(r'id="inv-widgets-data">(.*?)</script>', page)[1])
    assert (told["title"], told["theme"], told["chart"]["view"]) == ("cat", "dark", "trends")
    assert told["chart"]["_tcav"]["dog"]["ear"]["verdict"] == "rises"
    assert "pictures" not in told
    assert "theme" not in json.loads(
        re.search(r'id="inv-widgets-data">(.*?)</script>', chart.save(tmp_path / "b.htm").read_text("utf-8"))[1]
    )
    with pytest.raises(ValueError, match=r"scale=2"):
        chart.save(tmp_path / "c.html", scale=2)
    with pytest.raises(ValueError, match="No theme 'blue'"):
        chart.save(tmp_path / "c.html", theme="blue")
    with pytest.raises(ValueError, match=r"ends in \.html, \.svg, \.png or \.json"):
        chart.save(tmp_path / "chart.pdf")
