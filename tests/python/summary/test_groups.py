"""Layers by groups: their names, and what is refused."""

import numpy as np
import pytest
from labelled_runs import GROUPS, cats_and_a_dog

from inv_widgets.errors import UnknownNameError
from inv_widgets.explanation import Column, Rest
from inv_widgets.summary.groups import Grouping
from inv_widgets.summary.pipeline import summarize

REST = Rest(0.0, 0.0, 0, 0, np.zeros((2, 2)))


def grouped(groups, *sizes, first_block=1, skip=0):
    """Name the groups of a network with blocks of so many layers each, of which the first `skip` are not explained."""
    layers = [(block, place) for block, size in enumerate(sizes, first_block) for place in range(1, size + 1)]
    grouping = Grouping(groups)
    # The order in which columns are seen must not matter.
    for depth, (block, place) in reversed(list(enumerate(layers))[skip:]):
        grouping.see(Column(f"conv{depth}", depth, block, place, 64, (2, 2), 1.0, REST))
    return {layer.name: layer.group for layer in grouping.layers()}


def test_three_by_three_gives_the_last_blocks_of_a_vgg_16():
    found = grouped(3, 2, 2, 3, 3, 3, skip=4)
    assert list(found.values()) == ["block 3"] * 3 + ["block 4"] * 3 + ["block 5"] * 3
    assert list(found) == [f"conv{depth}" for depth in range(4, 13)]


def test_counting_starts_at_the_deepest_layer():
    found = grouped(3, 2, 2, 3, 3, 3)
    assert list(dict.fromkeys(found.values())) == [
        "block 1, layer 1", "blocks 1-2", "block 3", "block 4", "block 5",
    ]  # fmt: skip
    assert list(grouped(3, 1, 1, 1, 1, 1).values()) == ["blocks 1-2"] * 2 + ["blocks 3-5"] * 3


def test_parts_of_one_block_are_told_apart():
    assert list(dict.fromkeys(grouped(2, 5).values())) == [
        "block 1, layer 1", "block 1, layers 2-3", "block 1, layers 4-5",
    ]  # fmt: skip


def test_groups_that_would_have_one_name_are_called_by_their_ends():
    # Branches: layers of blocks 1 and 2 by turns.
    grouping = Grouping(2)
    for depth, (block, place) in enumerate([(1, 1), (2, 1), (1, 2), (2, 2)]):
        grouping.see(Column(f"conv{depth}", depth, block, place, 64, (2, 2), 1.0, REST))
    assert list(dict.fromkeys(layer.group for layer in grouping.layers())) == [
        "block 1, layer 1 to block 2, layer 1", "block 1, layer 2 to block 2, layer 2",
    ]  # fmt: skip


def test_layers_of_one_title_are_numbered_from_shallow_to_deep():
    grouping = Grouping(1)
    for depth in range(3):
        grouping.see(Column(f"conv{depth}", depth, 1, 1, 64, (2, 2), 1.0, REST))
    names = [layer.group for layer in grouping.layers()]
    assert names == ["block 1, layer 1", "block 1, layer 1 (2)", "block 1, layer 1 (3)"]


def test_a_layer_s_own_name_is_no_pattern():
    grouping = Grouping({"odd": "a[0]"})
    for depth, name in enumerate(["a[0]", "a0"]):
        grouping.see(Column(name, depth, 1, depth + 1, 64, (2, 2), 1.0, REST))
    assert [layer.group for layer in grouping.layers()] == ["odd", ""]


@pytest.mark.parametrize("number", range(1, 15))
def test_each_layer_is_in_one_group_of_a_name_of_its_own(number):
    found = list(grouped(number, 2, 2, 3, 3, 3).values())
    assert all(found)
    # A group's layers stand together, and no name comes twice.
    starts = [name for place, name in enumerate(found) if place == 0 or found[place - 1] != name]
    assert len(starts) == len(set(starts)) == -(-13 // number)
    assert all(found.count(name) == number for name in starts[1:])


def test_groups_by_names_titles_and_patterns():
    assert grouped({"first": "conv0", "rest": ["conv[12]", "block 2, layer 2"]}, 2, 2) == {
        "conv0": "first", "conv1": "rest", "conv2": "rest", "conv3": "rest",
    }  # fmt: skip
    assert grouped({"shallow": "block 1*"}, 2, 2) == {"conv0": "shallow", "conv1": "shallow", "conv2": "", "conv3": ""}


def test_groups_by_a_function():
    found = grouped(lambda column: None if column.depth == 0 else f"size {column.map_shape[0]}", 2, 1)
    assert found == {"conv0": "", "conv1": "size 2", "conv2": "size 2"}


def test_what_is_in_no_group_counts_in_all_only():
    frame = summarize(cats_and_a_dog(), groups={"late": "c3"}).to_frame()
    of_ear = frame[(frame.target_name == "cat") & (frame.label == "ear")].set_index("group").score
    assert of_ear.to_dict() == {"late": 1.5, "all": 7.0}
    by_layer = summarize(cats_and_a_dog(), groups={"late": "c3"}).filter(target="cat", label="ear").by_layer()
    assert list(by_layer.group) == ["", "late"]


def test_groups_stand_from_shallow_to_deep_whatever_their_order():
    turned = dict(reversed(GROUPS.items()))
    assert summarize(cats_and_a_dog(), groups=turned).groups == ("early", "late", "all")


@pytest.mark.parametrize("wrong", [True, 3.0, "block 3", None, ["c1"], {"early": 3}, {3: "c1"}, lambda _: 3])
def test_what_is_no_grouping_is_refused(wrong):
    with pytest.raises(TypeError, match=r"^\[inv-widgets\] .*(is an? |, an? )"):
        summarize(cats_and_a_dog(), groups=wrong)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (0, "at least 1 layer"),
        ({"all": "c1"}, "cannot be called 'all'"),
        ({"": "c1"}, "cannot be called ''"),
        (lambda _: "all", "cannot be called 'all'"),
        ({"one": ["c1", "c2"], "two": "c2"}, "'c2' is in two groups, 'one' and 'two'"),
        (
            lambda column: str(bool(column.cluster_maps)),
            "'(True|False)' for one picture and into '(True|False)' for another",
        ),
    ],
)
def test_impossible_groups_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        summarize(cats_and_a_dog(), groups=wrong)


def test_an_unknown_layer_is_told_with_the_closest():
    with pytest.raises(UnknownNameError, match=r"No layer 'c33' for the group 'late'\. Did you mean 'c3'"):
        summarize(cats_and_a_dog(), groups={"late": "c33"})
