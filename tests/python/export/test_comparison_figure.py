"""A comparison as a figure: what is drawn, in which order, with which colours."""

import dataclasses
import math
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from inv_widgets.comparison.comparison_result import ComparedMap, ComparedMethod, ComparedPicture, ComparisonResult
from inv_widgets.errors import UnknownNameError
from inv_widgets.explanation import Prediction
from inv_widgets.export.comparison_added import AddedPicture, with_added
from inv_widgets.export.comparison_figure import figure, save, still
from inv_widgets.export.comparison_order import method_order, picture_order
from inv_widgets.export.saliency_drawing import AGAINST, FOR, MapLook, drawn, is_signed, outlined

WORD = "<script>alert(1)</script> \u202eقط 🐈"
GREY = np.full((8, 8, 3), 100, np.uint8)
WHOLE = (0.0, 0.0, 8.0, 8.0)


def found(key, ebpg, seconds, native=None):
    native = np.arange(4, dtype=np.float32).reshape(2, 2) if native is None else native
    return ComparedMap(key, native, seconds, 2, 1, math.nan, {"ebpg": ebpg})


def result(pictures=(("b", 0.2), ("a", 0.9))):
    methods = tuple(ComparedMethod(key, key, "gradient", "", {}, key) for key in ("one", "two", "three"))
    shown = tuple(
        ComparedPicture(name, name, GREY, WHOLE, None, 0, "cat", probability, (Prediction(0, "cat", probability),))
        for name, probability in pictures
    )
    maps = tuple(
        (found("one", 10 + place, 3), found("two", 30 - 9 * place, 1), found("three", math.nan, 2))
        for place in range(len(pictures))
    )
    return ComparisonResult("net", "none", methods, shown, maps, ("ebpg",))


def texts(svg):
    return [element.text for element in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_order_best_first_worst_first_undefined_last():
    made = result()
    assert method_order(made, None) == [0, 1, 2]
    assert method_order(made, "ebpg") == [1, 0, 2]
    assert method_order(made, "-ebpg") == [0, 1, 2]
    assert method_order(made, "seconds") == [1, 2, 0]
    assert method_order(made, "-seconds") == [0, 2, 1]
    assert picture_order(made, "name", {0}) == [1, 0]
    assert picture_order(made, "probability", {0}) == [1, 0]
    assert picture_order(made, "-probability", {0}) == [0, 1]
    assert picture_order(made, "ebpg", {0}) == [1, 0]
    assert picture_order(made, "ebpg", {1}) == [0, 1]


def test_added_pictures_stand_below_what_they_were_made_of_marked_and_in_no_mean():
    made = result()
    new = [
        AddedPicture(dataclasses.replace(made.pictures[0], name=name), {"two": found("two", 1000, 7)}, below)
        for name, below in (("top", None), ("b again", 0), ("b once more", 3), ("b for cow", 0))
    ]
    assert with_added([1, 0], 2, new) == [2, 1, 0, 3, 4, 5]
    svg = figure(made, added=new, sort_pictures="name", sort_methods="ebpg")
    said = texts(svg)
    names = ["top", "a", "b", "b again", "b once more", "b for cow"]
    assert [word for word in said if word in names] == names
    assert said.count("added") == 4
    assert said[said.index("a") + 1] != "added"
    assert said.count("Not made.") == 8  # two methods of four rows
    assert [word for word in said if word in {"one", "two", "three"}] == [
        "two",
        "one",
        "three",
    ]  # by the result's means
    assert "3 methods on 2 pictures and 4 added, by net" in svg
    assert texts(figure(made, added=new, pictures=["a", "top"])).count("added") == 1
    assert "added" not in texts(figure(made))


def test_what_is_chosen_is_drawn_in_its_order_and_the_rest_is_told():
    said = texts(figure(result(), sort_methods="ebpg", sort_pictures="name", methods=["one", "two"]))
    assert [word for word in said if word in {"one", "two", "three", "a", "b"}] == ["two", "one", "a", "b"]
    said = texts(figure(result(), max_methods=1, max_pictures=1))
    assert "2 more methods and 1 more pictures" in said
    assert "Nothing was compared." in texts(figure(result(())))
    with pytest.raises(UnknownNameError, match="There is no method 'four'"):
        figure(result(), methods=["four"])
    with pytest.raises(TypeError, match="A figure has no option size"):
        figure(result(), size=3)


def test_names_with_markup_and_odd_shapes(tmp_path):
    made = result(((WORD, 0.5),))
    assert any(WORD[:8] in word for word in texts(figure(made)))
    for shape in ((1, 400), (400, 1), (1, 1)):
        thin = np.zeros((*shape, 3), np.uint8)
        window = (0.0, 0.0, float(shape[1]), float(shape[0]))
        odd = dataclasses.replace(made.pictures[0], picture=thin, window=window)
        assert figure(dataclasses.replace(made, pictures=(odd,)))
    assert save(made, tmp_path / "x.PNG").read_bytes().startswith(b"\x89PNG")
    assert still(made).startswith(b"\xff\xd8")
    with pytest.raises(ValueError, match=r"give a name that ends in \.svg, \.png"):
        save(made, tmp_path / "x.pdf")


def test_the_mask_shows_exactly_the_top_share_of_the_window():
    values = np.random.default_rng(0).random((5, 5), np.float32)
    for share in (0.5, 20, 33, 100):
        pixels = drawn(GREY, values, (2.0, 0.0, 4.0, 8.0), (16, 16), MapLook(view="mask", share=share))
        shown = (pixels == 100).all(-1)
        assert shown.sum() == math.floor(share * 8 * 16 / 100 + 0.5)
        assert not shown[:, :4].any()
        assert not shown[:, 12:].any()


def test_signs_are_two_colours_and_nought_is_none():
    values = np.array([[2, 0, -1]], np.float32)
    assert is_signed(values)
    picture = np.full((1, 3, 3), 100, np.uint8)
    pixels = drawn(picture, values, (0.0, 0.0, 3.0, 1.0), (3, 1), MapLook(opacity=1))
    assert tuple(pixels[0, 0]) == FOR
    assert tuple(pixels[0, 1]) == (100, 100, 100)
    np.testing.assert_array_equal(pixels[0, 2], np.rint(np.array(AGAINST) / 2 + 50))
    positive = drawn(picture, values, (0.0, 0.0, 3.0, 1.0), (3, 1), MapLook(opacity=1, signs="positive"))
    np.testing.assert_array_equal(positive[0, 1], positive[0, 2])
    assert not is_signed(np.array([[-1e-6, 1]], np.float32))


def test_outside_the_window_the_picture_stays():
    pixels = drawn(GREY, np.ones((2, 2), np.float32), (4.0, 0.0, 4.0, 8.0), (8, 8), MapLook(opacity=1))
    assert (pixels[:, :4] == 100).all()
    assert not (pixels[:, 4:] == 100).all(-1).any()


def test_an_outline_is_white_within_black():
    mask = np.zeros((20, 20), bool)
    mask[5:15, 5:15] = True
    pixels = outlined(np.full((20, 20, 3), 100, np.uint8), mask, thickness=2)
    assert [int(value) for value in pixels[10, :10, 0]] == [100, 100, 100, 0, 255, 255, 0, 100, 100, 100]
