"""The gold set, and what becomes of single labels."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from inv_widgets.labels.canonical import Options, canonical_labels

GOLD = Path(__file__).parent / "data" / "gold.csv"


def gold(half):
    with GOLD.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["half"] == half]


def share_right(rows, **options):
    keys = [(row["raw"], row["category"], row["language"]) for row in rows]
    made = canonical_labels(Counter(keys), Options(**options))
    wanted = [{word.strip() for word in row["expected"].split(";") if word.strip()} for row in rows]
    return sum(set(made.labels(*key)) == each for key, each in zip(keys, wanted, strict=True)) / len(rows)


def test_the_gold_set_is_large_and_split_in_halves():
    halves = [gold(half) for half in ("tune", "held-out")]
    assert sum(map(len, halves)) >= 300
    assert abs(len(halves[0]) - len(halves[1])) < 20
    assert {row["kind"] for row in halves[0]} == {row["kind"] for row in halves[1]}
    keys = [{(row["raw"], row["category"], row["language"]) for row in half} for half in halves]
    assert not keys[0] & keys[1]


@pytest.mark.parametrize("half", ["tune", "held-out"])
def test_nine_in_ten_are_right(half):
    assert share_right(gold(half)) >= 0.95


@pytest.mark.parametrize(
    "step", ["language", "spelling", "class_name", "stop_words", "translation", "lemmas", "synonyms"]
)
def test_each_step_is_worth_having(step):
    rows = gold("tune")
    assert share_right(rows) - share_right(rows, steps={step: None}) > 0.03


def one(text, category="church", language="en", **options):
    return list(canonical_labels({(text, category, language): 1}, Options(**options)).counts)


@pytest.mark.parametrize(
    ("typed", "category", "language", "labels"),
    [
        ("The church's window", "church", "en", ["window"]),
        ("finestre della chiesa", "church", "it", ["window"]),
        ("face, side/front", "church", "en", ["face", "side", "front"]),
        ("chainsaw's blade", "chain saw", "en", ["blade"]),
        ("golf ball", "golf ball", "en", []),
        ("ball", "golf ball", "en", ["ball"]),
        ("golf ball", "church", "en", ["golf", "ball"]),
        ("tabby ears", "tabby, tabby cat", "en", ["ear"]),
        ("colonna", "church", "it", ["pillar"]),  # an English checker makes it "colonel"
        ("ruote", "garbage truck", "it", ["wheel"]),  # ... and this "route"
        ("leaves", "church", "en", ["leaf"]),
        ("shoes", "church", "en", ["shoe"]),
        ("t-shirt", "church", "en", ["t-shirt"]),
        ("asdf", "church", "en", []),
        ("f*cking door", "church", "en", ["door"]),
        ("no windows", "church", "en", ["window"]),
        ("no", "church", "en", []),
        ("Fenster", "church", "de", ["fenster"]),
    ],
)
def test_single_labels(typed, category, language, labels):
    assert one(typed, category, language) == labels


def test_what_could_not_be_translated_or_corrected_is_flagged():
    made = canonical_labels({("sgrunfolo", "church", "it"): 1, ("Fenster", "church", "de"): 1})
    assert made.drafts["sgrunfolo", "church", "it"][1].flags == (
        ("sgrunfolo", "unknown"),
        ("sgrunfolo", "untranslated"),
    )
    assert made.drafts["Fenster", "church", "de"][1].flags == (("fenster", "untranslated"),)


def test_what_others_typed_tells_what_was_meant():
    alone = canonical_labels({("dor", "church", "en"): 1})
    together = canonical_labels({("dor", "church", "en"): 1, ("door", "church", "en"): 20})
    assert list(together.counts) == ["door"]
    assert together.counts["door"] == 21
    assert len(alone.counts) == 1


@pytest.mark.parametrize(
    ("typed", "language", "label"),
    [
        ("top of the tower", "en", "tower top"),
        ("the big black wheels", "en", "big black wheel"),
        ("ruota nera", "it", "black wheel"),
        ("torre con orologio", "it", "clock tower"),
        ("window", "en", "window"),
    ],
)
def test_phrases_end_in_their_head_noun(typed, language, label):
    made = canonical_labels({(typed, "x", language): 1}, Options(phrases=True))
    draft = made.drafts[typed, "x", language][1]
    whole = [
        change.before for change in draft.changes if change.step == "head noun" and change.after == label.split()[-1]
    ]
    assert draft.parts == (label.split()[-1],)
    assert whole[-1:] == [label] or label == "window"


def test_words_of_different_classes_are_not_joined_by_an_is_a_step():
    apart = {("leaf", "church", "en"): 1, ("blade", "chain saw", "en"): 5}
    assert canonical_labels(apart).counts == {"leaf": 1, "blade": 5}
    assert canonical_labels({**apart, ("leaf", "chain saw", "en"): 1}).counts == {"blade": 7}
    assert canonical_labels(apart, Options(hops=0)).counts == {"leaf": 1, "blade": 5}
