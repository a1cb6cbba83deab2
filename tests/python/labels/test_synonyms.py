import pandas as pd
import pytest

from inv_widgets.labels.synonyms import SynonymTable, as_synonyms, shipped_synonyms, wordnet_groups
from inv_widgets.labels.wordnet import wordnet

TABLE = SynonymTable({"pillar": ("column", "pilaster"), "tire": ("tyre",)})


def test_the_authors_synonyms_are_shipped():
    assert {shipped_synonyms().label_of(word) for word in ("column", "pillar", "pilaster")} == {"pillar"}


def test_a_table_is_saved_and_read(tmp_path):
    assert SynonymTable.read(TABLE.save(tmp_path / "synonyms.csv")) == TABLE
    (tmp_path / "excel.csv").write_text(
        "\ufefflabel,synonyms\n# a remark\nPillar,Column ; pilaster\n\nlawn,\n", "utf-8"
    )
    read = SynonymTable.read(tmp_path / "excel.csv")
    assert read.groups == {"pillar": ("column", "pilaster"), "lawn": ()}


def test_a_persons_table_wins():
    mine = as_synonyms({"column": ["pillar"], "lawn": []})
    assert mine.label_of("pillar") == "column"
    assert mine.label_of("pilaster") == "column"  # the shipped group follows its name
    assert mine.label_of("tyre") == "tire"
    apart = as_synonyms(SynonymTable({"column": (), "pillar": ()}))
    assert (apart.label_of("column"), apart.label_of("pillar")) == ("column", "pillar")
    frame = pd.DataFrame({"label": ["post"], "synonyms": ["pillar; column"]})
    assert as_synonyms(frame).label_of("column") == "post"
    assert as_synonyms(False).groups == {}


def test_what_is_no_table(tmp_path):
    with pytest.raises(ValueError, match="'tyre' stands in more than one group"):
        SynonymTable({"tire": ("tyre",), "wheel": ("tyre",)})
    with pytest.raises(TypeError, match="synonyms is an int"):
        as_synonyms(3)
    with pytest.raises(FileNotFoundError, match=r"There is no table .*none\.csv"):
        as_synonyms(tmp_path / "none.csv")
    (tmp_path / "bad.csv").write_text("word,other\n")
    with pytest.raises(ValueError, match="has no column label, synonyms"):
        as_synonyms(tmp_path / "bad.csv")
    (tmp_path / "latin.csv").write_bytes("label,synonyms\ncaff\xe8,x\n".encode("latin-1"))
    with pytest.raises(ValueError, match="is not UTF-8"):
        as_synonyms(tmp_path / "latin.csv")


NONE = SynonymTable()


def test_the_same_synset_and_one_step():
    assert wordnet_groups({"sofa": 2, "couch": 1}, NONE) == {"couch": "sofa"}
    assert wordnet_groups({"pipe": 1, "tube": 5}, NONE) == {"pipe": "tube"}
    assert wordnet_groups({"pipe": 1, "tube": 5}, NONE, hops=0) == {}
    assert wordnet_groups({"wheel": 1, "grass": 5, "nonsuchword": 1}, NONE) == {}


def test_a_step_needs_a_class_in_common():
    classes = {"leaf": frozenset({"church"}), "blade": frozenset({"chain saw"})}
    counts = {"leaf": 1, "blade": 5}
    assert wordnet_groups(counts, NONE) == {"leaf": "blade"}
    assert wordnet_groups(counts, NONE, classes=classes) == {}
    assert wordnet_groups(counts, NONE, classes=dict.fromkeys(counts, frozenset({"church"}))) == {"leaf": "blade"}


def test_the_table_stays_and_there_are_no_chains():
    assert wordnet_groups({"sofa": 2, "couch": 1}, SynonymTable({"couch": ()})) == {}
    joined = wordnet_groups({"tube": 3, "pipe": 9, "hose": 5, "conduit": 1}, NONE)
    assert all(head not in joined for head in joined.values())


@pytest.mark.parametrize(
    ("plural", "singular"),
    [("wheels", "wheel"), ("churches", "church"), ("leaves", "leaf"), ("men", "man"), ("teeth", "tooth"),
     ("glass", None),
     ("boxes", "box"), ("wheel", None)],
)  # fmt: skip
def test_singulars(plural, singular):
    assert wordnet().singular(plural) == singular
