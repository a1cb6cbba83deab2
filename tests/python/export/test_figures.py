"""Still figures: what is drawn, where, and that every name is only ever text."""

import dataclasses
import io
import re
import struct
from base64 import b64decode
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from inv_widgets import export
from inv_widgets.export.colour_maps import colour_map
from inv_widgets.export.drawing import fitted, plain, text_width, wrapped
from inv_widgets.export.overlays import overlay, place
from inv_widgets.run import Run

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg):
    return [element.text for element in ET.fromstring(svg).iter(f"{SVG}text")]


def images(svg):
    for element in ET.fromstring(svg).iter(f"{SVG}image"):
        kind, _, data = element.attrib["href"].partition(",")
        assert kind == "data:image/jpeg;base64"
        with Image.open(io.BytesIO(b64decode(data))) as image:
            yield np.asarray(image.convert("RGB")).astype(int)


def test_a_column_a_layer_with_all_its_numbers(make):
    explanation = make(columns=3, maps=2)
    svg = export.figure(explanation)
    said = texts(svg)
    for column in explanation.columns:
        assert column.title in said
        assert column.layer in said
        assert f"{column.shown_weight:.0f}\u00a0% shown" in said
        assert f"{column.rest.dropped_weight:.0f}\u00a0%" in said
        assert f"{column.rest.pruned_weight:.0f}\u00a0%" in said
        for shown in column.cluster_maps:
            assert f"{shown.weight:.1f}\u00a0%" in said
            assert f"{shown.n_maps} of {column.n_maps} maps" in said
    assert said.count("cluster 1") == 3
    assert "tabby cat" in said
    assert "61.4\u00a0% by EfficientNet-Lite0" in said
    assert "cat.jpg" in said
    assert {"low", "activation", "high", "shown", "dropped", "pruned"} <= set(said)
    assert len(list(images(svg))) == 1 + 6


def test_columns_run_from_shallow_to_deep_and_cards_from_heavy_to_light(make):
    root = ET.fromstring(export.figure(make(columns=3, maps=3)))
    at = {t.text: (float(t.attrib["x"]), float(t.attrib["y"])) for t in root.iter(f"{SVG}text")}
    assert at["block 1, layer 1"][0] < at["block 1, layer 2"][0] < at["block 1, layer 3"][0]
    assert at["cluster 1"][1] < at["cluster 2"][1] < at["cluster 3"][1]


def test_the_best_label_names_a_card_and_the_first_choice_is_told_where_it_is_another(make):
    from inv_widgets.explanation import Label, Prediction

    explanation = make(columns=1, maps=1, labels=(Label("pointed ear", 2.0), Label("nose", 1.0)))
    assert "first choice" not in " ".join(texts(export.figure(explanation)))
    other = dataclasses.replace(explanation, prediction=Prediction(7, "lynx", 0.2))
    said = texts(export.figure(other))
    assert "pointed ear" in said
    assert "first choice: lynx 20.0\u00a0%" in said


def test_layers_and_max_maps_choose(make):
    explanation = make(columns=3, maps=4)
    said = texts(export.figure(explanation, layers=["features.2.conv", "block 1, layer 1"], max_maps=1))
    assert [text for text in said if text.startswith("block")] == ["block 1, layer 1", "block 1, layer 3"]
    left_out = sum(shown.weight for shown in explanation.columns[2].cluster_maps[1:])
    assert f"3 more, {left_out:.1f}\u00a0%" in said
    assert "cluster 2" not in said


def test_of_many_layers_the_last_ones_are_drawn_and_that_is_told(make):
    explanation = make(columns=3)
    said = texts(export.figure(explanation, max_layers=2))
    assert [text for text in said if text.startswith("block")] == ["block 1, layer 2", "block 1, layer 3"]
    assert "the last 2 of 3 layers" in said
    for most in (3, 9, None):
        whole = texts(export.figure(explanation, max_layers=most))
        assert len([text for text in whole if text.startswith("block")]) == 3
        assert not [text for text in whole if "the last" in text]


def test_an_empty_column_tells_its_reason_and_no_columns_are_told(make):
    explanation = make(columns=1)
    column = dataclasses.replace(explanation.columns[0], cluster_maps=(), reason="All feature maps are zero.")
    said = texts(export.figure(dataclasses.replace(explanation, columns=(column,))))
    assert "All feature maps are zero." in " ".join(said)
    said = texts(export.figure(dataclasses.replace(explanation, columns=())))
    assert "No columns: no layer was explained." in said


def test_names_are_text_and_never_markup(awkward):
    svg = export.figure(awkward)
    root = ET.fromstring(svg)
    assert not list(root.iter(f"{SVG}script"))
    assert not list(root.iter(f"{SVG}b"))
    assert "</script" not in svg
    assert "<!--" not in svg
    title = root.find(f"{SVG}title").text
    assert awkward.name in title
    assert awkward.target_name in title
    tooltips = [element.text for element in root.iter(f"{SVG}title")]
    assert any(text.startswith(awkward.columns[0].cluster_maps[0].label) for text in tooltips)


def test_control_characters_and_lone_surrogates_do_not_break_the_document(make):
    svg = export.figure(make(columns=1, name="a\x00\x1b\udcffb", target_name="\ufffe"))
    ET.fromstring(svg)
    svg.encode("utf-8")
    assert plain("a\x00b\tc🐱") == "a\ufffdb\tc🐱"


def test_no_address_is_fetched(awkward):
    assert set(re.findall(r"\w+://[^\"' ]*", export.figure(awkward))) == {"http://www.w3.org/2000/svg"}


def test_the_map_lies_in_the_window_and_nowhere_else(make):
    # A black picture of 80 x 40, seen through its right half; the map has one hot cell, at the lower left.
    picture = np.zeros((40, 80, 3), np.uint8)
    values = np.zeros((4, 4), np.float32)
    values[3, 0] = 1
    shown = overlay(picture, values, (40.0, 0.0, 40.0, 40.0), size=(160, 80), colour_map="greys", opacity=1.0)
    assert not shown[:, :80].any()
    bright = shown[..., 0] > 200
    rows, columns = np.nonzero(bright)
    assert (rows.min(), rows.max()) >= (60, 79)
    assert columns.min() == 80
    assert columns.max() < 100
    # The hot cell's centre, (45, 35) in the picture, is the hottest.
    assert shown[70, 90, 0] >= 254


def test_an_overlay_is_what_is_drawn(make):
    white = np.full((60, 80, 3), 255, np.uint8)
    explanation = make(columns=1, maps=1, picture=white, window=(20.0, 15.0, 40.0, 30.0))
    _, card = images(export.figure(explanation, opacity=1.0, colour_map="viridis"))
    height, width = card.shape[:2]
    assert abs(card[: height // 4 - 8].astype(int) - 255).max() < 12  # above the window: the white picture
    inside = card[height // 4 + 8 : 3 * height // 4 - 8, width // 4 + 8 : 3 * width // 4 - 8].reshape(-1, 3)
    distances = np.linalg.norm(inside[:, None] - colour_map("viridis")[None].astype(int), axis=-1).min(1)
    assert distances.max() < 25  # colours of the map only


def test_opacity_zero_shows_the_picture_alone(make):
    picture = np.random.default_rng(3).integers(0, 256, (30, 30, 3), np.uint8)
    shown = overlay(picture, np.ones((3, 3), np.float32), (0.0, 0.0, 30.0, 30.0), size=(30, 30), opacity=0.0)
    np.testing.assert_array_equal(shown, picture)


def test_a_window_beyond_the_picture_and_between_pixels():
    values = np.arange(4, dtype=np.float32)[None].repeat(4, 0) / 3
    shown, coverage = place(values, (-2.0, -2.0, 12.0, 12.0), (8, 8), (8, 8))
    assert (coverage == 1).all()
    assert shown[0, 0] > 0.05  # the window's left edge, where the map is 0, lies outside
    _, coverage = place(values, (0.25, 0.0, 2.0, 8.0), (8, 8), (8, 8))
    np.testing.assert_allclose(coverage[0], [0.75, 1, 0.25, 0, 0, 0, 0, 0])


def test_enlarging_keeps_constants_ends_and_ramps():
    values = np.full((3, 5), 0.25, np.float32)
    shown, _ = place(values, (0.0, 0.0, 50.0, 30.0), (30, 50), (50, 30))
    np.testing.assert_allclose(shown, 0.25, atol=1e-6)
    ramp = np.linspace(0, 1, 11, dtype=np.float32)[None]
    shown, _ = place(ramp, (0.0, 0.0, 110.0, 10.0), (10, 110), (110, 10))
    # Cubic convolution reproduces straight lines: pixel x lies at (x + 0.5) / 10 - 0.5 cells.
    expected = ((np.arange(110) + 0.5) / 10 - 0.5) / 10
    np.testing.assert_allclose(shown[0, 20:90], expected[20:90], atol=1e-6)


def test_a_map_larger_than_its_drawing_is_averaged():
    values = (np.indices((64, 64)).sum(0) % 2).astype(np.float32)
    shown, _ = place(values, (0.0, 0.0, 8.0, 8.0), (8, 8), (8, 8))
    np.testing.assert_allclose(shown, 0.5, atol=0.1)


def test_svg_and_png_files(make, tmp_path):
    explanation = make(columns=2, maps=1)
    svg = export.save(explanation)
    assert svg == export.figure(explanation)
    file = export.save(explanation, tmp_path / "new folder" / "figure.svg")
    assert file.read_text("utf-8") == svg
    png = export.save(explanation, tmp_path / "figure.PNG", theme="dark", scale=1.5).read_bytes()
    root = ET.fromstring(svg)
    width, height = struct.unpack(">II", png[16:24])
    assert width == pytest.approx(1.5 * float(root.attrib["width"]), abs=1)
    assert height == pytest.approx(1.5 * float(root.attrib["height"]), abs=1)
    with Image.open(io.BytesIO(png)) as image:
        assert image.convert("RGB").getpixel((2, 2)) == (0x14, 0x17, 0x1A)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["figure.PNG", "new folder"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"theme": "blue"}, 'No theme \'blue\': give "light" or "dark"'),
        ({"colour_map": "jet"}, "No colour map 'jet'"),
        ({"opacity": 1.5}, "opacity=1.5"),
        ({"opacity": float("nan")}, "opacity=nan"),
        ({"max_maps": 0}, "max_maps=0"),
        ({"max_layers": 0}, "max_layers=0"),
        ({"layers": "features.0.conv"}, r"layers='features.0.conv' is one text"),
        (
            {"colormap": "viridis"},
            "no option colormap. It takes: theme, colour_map, opacity, layers, max_layers, ",
        ),
    ],
)
def test_options_are_checked(make, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        export.figure(make(columns=1), **options)


def test_wrong_endings_layers_and_runs_are_answered(make, tmp_path):
    explanation = make(columns=1)
    with pytest.raises(ValueError, match=r"'figure.pdf': give a name that ends in .svg or .png"):
        export.save(explanation, tmp_path / "figure.pdf")
    with pytest.raises(KeyError, match=r"Did you mean features\.0\.conv"):
        export.figure(explanation, layers=["features.0"])
    with pytest.raises(ValueError, match="this run has 2"):
        export.figure(Run([explanation, explanation]))
    with pytest.raises(ValueError, match="scale=0"):
        export.save(explanation, tmp_path / "figure.png", scale=0)
    assert export.figure(Run([explanation])) == export.figure(explanation)


def test_text_is_cut_to_fit():
    assert fitted("short", 12, 100) == "short"
    cut = fitted("a very long label that goes on and on", 12, 80)
    assert cut.endswith("…")
    assert text_width(cut, 12) <= 80
    assert wrapped("one two three", 10, 1000) == ["one two three"]
    lines = wrapped("All feature maps of this layer are zero here", 11, 100)
    assert len(lines) > 1
    assert " ".join(lines) == "All feature maps of this layer are zero here"
    assert text_width("漢字", 10) > text_width("il", 10)
    assert text_width("e\u0301", 10) == text_width("e", 10)


def test_cards_of_a_labelled_run_tell_all_best_labels_what_was_merged_and_low_support(make):
    from inv_widgets.explanation import Label

    explanation = make(columns=1, maps=2)
    column = explanation.columns[0]
    heavy, light = column.cluster_maps
    heavy = dataclasses.replace(
        heavy,
        labels=(Label("arch", 2.0, 4, players=3), Label("gate", 2.0, 1, players=1), Label("sky", 1.0, 1, players=1)),
        members=(light, light, light),
    )
    light = dataclasses.replace(light, labels=(Label("edge", 1.0, 5, players=1),))
    said = texts(
        export.figure(
            dataclasses.replace(explanation, columns=(dataclasses.replace(column, cluster_maps=(heavy, light)),))
        )
    )
    assert "arch, gate" in said
    assert f"{heavy.n_maps} of {column.n_maps} maps · 3 merged" in said
    assert f"{light.n_maps} of {column.n_maps} maps · low support" in said
