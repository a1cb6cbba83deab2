"""Words, which of them count as one, and what a person changes; the expected groups are written by hand."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from small_runs import make_cluster_map, make_column, make_explanation, make_rounds

from inv_widgets.errors import UnknownNameError
from inv_widgets.labels.canonical import Options
from inv_widgets.labels.pipeline import label
from inv_widgets.labels.synonyms import SynonymTable
from inv_widgets.labels.word_groups import Words, checked_name
from inv_widgets.run import Run

# "column" and "pilaster" are the shipped table's; "pelt" and "tower" are near to others in WordNet.
COUNTS = {"column": 12, "pillar": 3, "window": 8, "tower": 2, "steeple": 5, "fur": 7, "pelt": 2, "roof": 1}


@pytest.fixture
def groups():
    return Words.counted(COUNTS).groups(SynonymTable())


def said(groups):
    """Give the groups of the words that somebody said."""
    found = {group.name: [member.word for member in group.members if member.count] for group in groups.groups}
    return {name: words for name, words in found.items() if words}


def others(groups, *names):
    return {name: words for name, words in said(groups).items() if name not in names}


def test_words_are_grouped_as_label_groups_them(groups):
    assert said(groups) == {
        "pillar": ["pillar", "column"],
        "fur": ["fur", "pelt"],
        "window": ["window"],
        "steeple": ["steeple", "tower"],
        "roof": ["roof"],
    }
    assert [group.count for group in groups.groups] == [15, 9, 8, 7, 1]
    why = {member.word: member.why for group in groups.groups for member in group.members}
    assert (why["column"], why["pelt"], why["window"]) == ("table", "WordNet", "")
    assert groups.own == SynonymTable()


def test_embeddings_that_the_analysis_left_out_group_nothing_here_either():
    def embed(words):
        return np.ones((len(words), 2))

    for steps, names in (({}, ["window"]), ({"embeddings": None}, ["window", "roof"])):
        words = Words({("window", ""): 2, ("roof", ""): 1}, Options(embeddings=embed, steps=steps))
        assert list(said(words.groups(SynonymTable()))) == names


def test_moving_a_word_moves_nothing_else(groups):
    moved = groups.move("column", "window")
    assert said(moved)["window"] == ["window", "column"]
    assert others(moved, "pillar", "window") == others(groups, "pillar", "window")
    assert dict(moved.own.groups) == {"window": ("column",)}
    assert moved.group_of("column").members[1].why == "you"


def test_a_group_whose_name_leaves_takes_that_of_its_most_said_word(groups):
    moved = groups.move("pillar", "window")
    assert said(moved)["window"] == ["window", "pillar"]
    assert said(moved)["column"] == ["column"]
    assert moved.group_of("pilaster").name == "column"  # nobody said it, but it stays with its own
    moved = groups.move("fur", "roof")
    assert (said(moved)["roof"], said(moved)["pelt"]) == (["roof", "fur"], ["pelt"])


def test_a_word_that_stands_by_itself_does_so_beside_wordnet(groups):
    apart = groups.split("pelt")
    assert (said(apart)["fur"], said(apart)["pelt"]) == (["fur"], ["pelt"])
    assert others(apart, "fur", "pelt") == others(groups, "fur")
    assert groups.split("roof") is groups


def test_a_group_is_renamed_or_united(groups):
    renamed = groups.rename("pillar", " Post ")
    assert said(renamed)["post"] == ["column", "pillar"]
    assert renamed.group_of("pilaster").name == "post"
    assert groups.rename("pillar", "pillar") is groups
    assert said(groups.rename("pillar", "column"))["column"] == ["column", "pillar"]
    united = groups.unite("fur", "roof")
    assert said(united)["roof"] == ["roof", "fur", "pelt"]
    assert said(groups.rename("fur", "roof")) == said(united)
    assert groups.unite("fur", "fur") is groups


def test_the_table_says_to_label_what_the_groups_show(groups):
    changed = groups.move("pillar", "window").split("pelt").unite("roof", "steeple").rename("steeple", "top")
    again = Words.counted(COUNTS).groups(changed.own)
    assert said(again) == said(changed)
    shown = make_cluster_map(0, 30.0, [[1, 2], [3, 4]])
    run = Run([make_explanation([make_column([shown])], target_name="thing")])
    rows = [
        (shown.id, f"simulated {word} {n}", "won", 0, [word]) for word, times in COUNTS.items() for n in range(times)
    ]
    rounds = make_rounds(*rows, truth="thing")
    labelled = label(run, rounds, synonyms=changed.own)
    assert labelled.counts == {group.name: group.count for group in changed.groups if group.count}
    assert said(Words.of(labelled.canonical).groups(changed.own)) == said(changed)


def test_words_that_are_not_there(groups):
    with pytest.raises(UnknownNameError, match="no group 'tower'"):
        groups.move("fur", "tower")
    with pytest.raises(UnknownNameError, match="no word 'xyz'"):
        groups.move("xyz", "fur")


@pytest.mark.parametrize("name", ["", "  ", "a;b", "a, b", "#a", "x" * 61])
def test_names_that_the_table_cannot_hold(groups, name):
    with pytest.raises(ValueError, match=r"^\[inv-widgets\] .* cannot name a group"):
        checked_name(name)
    with pytest.raises(ValueError, match="cannot name"):
        groups.rename("fur", name)


def test_no_words_and_odd_ones():
    assert Words.counted({}).groups(SynonymTable()).groups == ()
    odd = Words.counted({"🦊": 2, "بحر": 1, "<b>x</b>": 1, " ": 3}).groups(SynonymTable())
    assert set(said(odd)) == {"🦊", "بحر", "<b>x</b>"}
    assert said(odd.unite("بحر", "🦊"))["🦊"] == ["🦊", "بحر"]


WORDS = sorted(COUNTS)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(["move", "split", "unite"]), st.sampled_from(WORDS), st.sampled_from(WORDS))))
def test_whatever_is_changed_only_that_is_changed(changes):
    groups = Words.counted(COUNTS).groups(SynonymTable())
    for kind, one, two in changes[:6]:
        before = {word: groups.group_of(word) for word in WORDS}
        target = before[two].name
        if kind == "split":
            groups = groups.split(one)
            moved = {one}
        elif kind == "unite":
            groups = groups.unite(before[one].name, target)
            moved = {member.word for member in before[one].members}
        else:
            groups = groups.move(one, target)
            moved = {one}
        for word in WORDS:
            now = {member.word for member in groups.group_of(word).members if member.count}
            was = {member.word for member in before[word].members if member.count}
            if word not in moved:
                assert now - moved == was - moved
        if kind != "split":
            assert groups.group_of(one).name == groups.group_of(two).name
    assert sum(group.count for group in groups.groups) == sum(COUNTS.values())
