"""Words of the interface in the kernel: the same catalogues as in the browser."""

import pytest

from inv_widgets.export.words import words_in


@pytest.mark.parametrize(
    ("language", "found"),
    [("en", "en"), ("it", "it"), ("it-CH", "it"), ("IT_it", "it"), ("fr", "en"), (None, "en"), ("", "en")],
)
def test_the_nearest_language_that_there_is(language, found):
    assert words_in(language).language == found


def test_placeholders_plurals_and_numbers():
    english, italian = words_in("en"), words_in("it")
    assert [english("chart.rounds", count=count) for count in (1, 2)] == ["1 round", "2 rounds"]
    assert italian("chart.picked", label="{count} ruote") == "etichetta: {count} ruote"
    assert (english.number(-1.25, 1), italian.number(1234.5, 2), italian.number(0.5, 1, sign=True)) == (
        "-1.2",
        "1234,50",
        "+0,5",
    )


@pytest.mark.parametrize(
    ("title", "called"),
    [
        ("block 3", "blocco 3"),
        ("block 3, layer 2", "blocco 3, strato 2"),
        ("block 3, layer 2 (features.14)", "blocco 3, strato 2 (features.14)"),
        ("block 3, layers 1-2", "blocco 3, strati 1-2"),
        ("blocks 1-2", "blocchi 1-2"),
        ("all layers", "tutti gli strati"),
        ("rises", "cresce"),
        ("my block 3", "my block 3"),
        ("layers of mine", "layers of mine"),
    ],
)
def test_layers_and_groups_in_another_language_while_own_names_stay(title, called):
    assert words_in("it").called(title) == called
    assert words_in("en").called(title) == title
