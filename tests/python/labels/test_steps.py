"""The small functions of the steps, each by itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inv_widgets.labels.blocking import without_blocked
from inv_widgets.labels.class_names import names_of, without_names
from inv_widgets.labels.cleaning import clean_text, is_noise
from inv_widgets.labels.drafts import Context, Draft
from inv_widgets.labels.languages import language_of
from inv_widgets.labels.lemmas import lemma
from inv_widgets.labels.shipped import glossary, stop_words
from inv_widgets.labels.spelling import correct, correct_spelling, distance
from inv_widgets.labels.translation import translate_part, translate_word
from inv_widgets.labels.words import head_place

CONTEXT = Context()


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        ("  The   WHEEL!! ", ("the wheel",)),
        ("dog's ear", ("dog ear",)),
        ("the dogs' ears", ("the dogs ears",)),
        ("fisherman\u2019s hand", ("fisherman hand",)),
        ("l'occhio dell'uomo", ("l occhio dell uomo",)),
        ("c'\u00e8 una mano", ("c \u00e8 una mano",)),
        ("I don't know", ("i dont know",)),
        ("red, blue/green; x | y", ("red", "blue", "green", "x", "y")),
        ("fish-scales t-shirt", ("fish scales t-shirt",)),
        ("<b>bold</b> a<b", ("bold a b",)),
        ("<script>alert('x')</script>", ()),
        ("fin &amp; tail", ("fin tail",)),
        ("\ud83d\udc36 dog", ("dog",)),
        ("\u0646\u0627\u0641\u0630\u0629", ("\u0646\u0627\u0641\u0630\u0629",)),
        ("\uff37\uff48\uff45\uff45\uff4c", ("wheel",)),
        ("", ()),
    ],
)
def test_cleaning(typed, parts):
    assert clean_text(typed.encode("utf-16", "surrogatepass").decode("utf-16")) == parts


@given(st.text(max_size=60))
def test_cleaning_anything_gives_tidy_words(text):
    for part in clean_text(text):
        assert part == " ".join(part.split())
        assert not set(part) & set("<>&\"',;/|\n\x00\u202e")


@pytest.mark.parametrize("word", ["asdf", "xxxx", "jkljkl", "123", "aaaaa", "qwerty", "sdfsdf", "lkjhg"])
def test_noise(word):
    assert is_noise(word)


@pytest.mark.parametrize(
    "word", ["tv", "cd", "wheel", "property", "ruota", "stihl", "\u7a93", "banana", "rhythm", "poppop"]
)
def test_no_noise(word):
    assert is_noise(word) is (word == "poppop")


@pytest.mark.parametrize(
    ("words", "recorded", "language"),
    [
        ("finestra", "en", "it"), ("wheel", "it", "en"), ("cane", "it", "it"), ("cane", "en", "en"),
        ("radio", "it", "it"),
        ("long ears", "it", "en"), ("ruote", "", "it"), ("hand", "", "en"), ("ruotta", "en", "it"),
        ("whell", "it", "en"), ("fenster", "de", "de"), ("", "", "en"),
    ],
)  # fmt: skip
def test_languages(words, recorded, language):
    assert language_of(words.split(), recorded, CONTEXT) == language


@pytest.mark.parametrize(
    ("one", "two", "slips"),
    [("", "", 0), ("wheel", "whell", 1), ("form", "from", 1), ("a", "", 1), ("abcd", "badc", 2)],
)
def test_distance(one, two, slips):
    assert distance(one, two) == distance(two, one) == slips


@pytest.mark.parametrize(
    ("word", "language", "meant"),
    [("windwo", "en", "window"), ("belll", "en", "bell"), ("tounge", "en", "tongue"), ("finetsra", "it", "finestra"),
     ("colonnna", "it", "colonna"), ("headlihgst", "en", "headlights"), ("qqqqqqq", "en", None), ("wheel", "xx", None)],
)  # fmt: skip
def test_spelling(word, language, meant):
    assert correct(word, language) == meant


def test_others_words_decide_between_near_ones():
    assert correct("whell", "en", {"shell": 50}) == "shell"
    assert correct("whell", "en", {"wheel": 50}) == "wheel"


@pytest.mark.parametrize(
    ("word", "language"), [("colonna", "it"), ("ruote", "it"), ("dimple", "en"), ("idk", "en"), ("springer", "en")]
)
def test_what_is_known_is_left_alone(word, language):
    draft = Draft(word, "English springer", language, language, (word,))
    assert correct_spelling(draft, CONTEXT) is draft


def test_blocked_words():
    blocked = {"shit": "rude", "no": "says nothing", "no idea": "says nothing"}
    assert without_blocked("no", blocked) == ("", ["says nothing"])
    assert without_blocked("no windows", blocked) == ("no windows", [])
    assert without_blocked("shit windows no idea", blocked) == ("windows", ["rude", "says nothing"])


def test_class_names():
    names = names_of("chain saw", CONTEXT)
    assert {"chain saw", "motosega"} <= set(names)
    assert without_names("chain saws blade", names, "en") == "blade"
    assert without_names("chainsaws", names, "en") == ""
    assert without_names("saw chain", names, "en") == "saw chain"
    assert without_names("lama motosega", names, "it") == "lama"
    assert {"tabby", "tabby cat"} <= set(names_of("tabby, tabby cat", CONTEXT))


@pytest.mark.parametrize(
    ("word", "base"),
    [("wheels", "wheel"), ("leaves", "leaf"), ("shoes", "shoe"), ("jeans", "jeans"), ("glass", "glass"),
     ("curved", "curved"),
     ("people", "people"), ("feet", "foot"), ("building", "building"), ("qqqq", "qqqq"), ("buses", "bus")],
)  # fmt: skip
def test_lemmas(word, base):
    assert lemma(word, "en") == base


def test_italian_lemmas():
    assert [lemma(word, "it") for word in ("ruote", "bianche", "occhi")] == ["ruota", "bianco", "occhio"]


def test_translation():
    assert translate_word("ruote", glossary()) == "wheel"
    assert translate_word("scoiattoli", glossary()) == "squirrel"  # from the word nets
    assert translate_word("xyzzy", glossary()) is None
    assert translate_part("canna pesca rossa", glossary()) == ("fishing rod red", [])
    assert translate_part("rossa xyzzy", glossary()) == ("red xyzzy", ["xyzzy"])
    assert translate_part("ruota", {}) == ("wheel", [])


@pytest.mark.parametrize(
    ("phrase", "language", "head"),
    [("top of the tower", "en", "top"), ("stained glass window", "en", "window"), ("with stripes", "en", "stripes"),
     ("ruota nera", "it", "ruota"), ("grande ruota del camion", "it", "ruota"), ("xyz", "de", "xyz")],
)  # fmt: skip
def test_head_nouns(phrase, language, head):
    words = phrase.split()
    assert words[head_place(words, language)] == head


def test_words_that_matter_here_are_no_stop_words():
    assert not {"face", "side", "front", "back", "top", "big", "bottom", "left", "right"} & stop_words()["en"]
    assert not {"faccia", "lato", "davanti", "dietro", "cima", "grande", "fondo"} & stop_words()["it"]


def test_a_draft_keeps_its_trace():
    draft = Draft("A b", parts=("a b",))
    assert draft.to("x", ("a b",)) is draft
    changed = draft.to("x", ("b ", "", "b"), note="why")
    assert changed.parts == ("b",)
    assert [(each.step, each.before, each.after, each.note) for each in changed.changes] == [("x", "a b", "b", "why")]


def test_lingua_is_asked_of_what_no_dictionary_has():
    pytest.importorskip("lingua", reason="the extra `languages` is not installed")
    assert language_of(["sgrunfolandezza", "sbirulinissimo"], "", CONTEXT) == "it"
    assert language_of(["wobblywhatnotishness", "thingamajiggery"], "", CONTEXT) == "en"


def test_without_lingua_the_target_language_is_taken(monkeypatch):
    from inv_widgets.labels import languages

    monkeypatch.setattr(languages, "_detector", lambda: None)
    assert language_of(["sgrunfolandezza", "sbirulinissimo"], "", CONTEXT) == "en"
