"""What a TCAV test says of labels, as marks. The numbers are made up."""

import dataclasses
import math

import pandas as pd
import pytest

from inv_widgets.export.global_payload import payload
from inv_widgets.export.global_rows import global_rows
from inv_widgets.export.tcav_marks import GLYPHS, tcav_marks
from inv_widgets.summary.pipeline import summarize


@pytest.fixture
def summary(labelled):
    return summarize(labelled)


def row(label, target, layer="late", **other):
    numbers = {"score": 0.9, "t": 5.0, "p_holm": 0.01, "testable": True, "reason": ""}
    return {"label": label, "target_name": target, "layer": layer} | numbers | other


def untested(label, target, **other):
    return row(label, target, score=math.nan, t=math.nan, p_holm=math.nan, testable=False, reason="Only 3.", **other)


@pytest.fixture
def names(summary):
    target = summary.targets[0]
    return target, [each.label for each in summary.rows if each.target_name == target][:2]


@pytest.mark.parametrize(
    ("numbers", "verdict"),
    [
        ({"t": 5.0, "p_holm": 0.049}, "rises"),
        ({"t": -5.0, "p_holm": 0.049}, "falls"),
        ({"t": 5.0, "p_holm": 0.05}, "none"),
        ({"t": -1.0, "p_holm": 1.0}, "none"),
        ({"testable": False, "p_holm": math.nan, "score": math.nan, "reason": "Only 3."}, "untestable"),
    ],
)
def test_a_verdict_follows_from_sign_and_corrected_p_value(summary, names, numbers, verdict):
    target, (label, *_) = names
    marks = tcav_marks(pd.DataFrame([row(label, target, **numbers)]), summary)
    assert marks[target][label]["verdict"] == verdict
    told = verdict == "untestable"
    assert (marks[target][label]["score"] is None) == (marks[target][label]["p"] is None) == told
    assert marks[target][label]["reason"] == ("Only 3." if told else "")


def test_of_several_layers_the_clearest_counts_and_what_was_tested_before_what_was_not(summary, names):
    target, (one, other) = names
    frame = pd.DataFrame([
        row(one, target, "early", p_holm=0.2), row(one, target, "late", p_holm=0.001, score=0.95),
        untested(other, target, layer="early"), row(other, target, "late", p_holm=0.9),
        row(one, "no class of this summary"), row("no label of it", target),
    ])  # fmt: skip
    marks = tcav_marks(frame, summary)
    assert {name: (mark["layer"], mark["verdict"]) for name, mark in marks[target].items()} == {
        one: ("late", "rises"),
        other: ("late", "none"),
    }
    assert list(marks) == [target]
    assert tcav_marks(frame.iloc[::-1], summary) == marks


def test_results_are_taken_by_their_frame_and_anything_else_is_refused(summary, names):
    target, (label, *_) = names
    frame = pd.DataFrame([row(label, target)])

    @dataclasses.dataclass
    class Result:
        frame: pd.DataFrame

        def to_frame(self):
            return self.frame

    assert tcav_marks(Result(frame), summary) == tcav_marks(frame, summary) != {}
    assert tcav_marks(None, summary) == {}
    for wrong in ("wheel", 3, [frame], frame.drop(columns="p_holm"), summary):
        with pytest.raises(TypeError, match=r"^\[inv-widgets\] tcav=.*give what inv\.tcav\(net, summary, labels\)"):
            tcav_marks(wrong, summary)


def test_rows_carry_the_mark_and_its_words_in_the_language(summary, names):
    target, (label, other) = names
    sent = payload(summary)
    layer = sent["layers"][-1]
    marks = tcav_marks(pd.DataFrame([row(label, target, layer["name"], p_holm=0.0002)]), summary)
    rows = {each["label"]: each for each in global_rows(sent, "labels", target, 12, marks=marks)}
    assert rows[label]["mark"] == GLYPHS["rises"]
    assert rows[label]["mark_text"] == f"the class score rises with it: score 0.90, p < 0.001, {layer['title']}"
    assert (rows[other]["mark"], rows[other]["verdict"]) == ("", "")
    italian = {each["label"]: each for each in global_rows(sent, "labels", target, 12, marks=marks, language="it")}
    assert "punteggio 0,90, p < 0,001, blocco " in italian[label]["mark_text"]
