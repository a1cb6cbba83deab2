"""The file of synonyms: what others wrote to it is never lost."""

import os

import pytest

from inv_widgets.labels.synonym_files import FileChangedError, SynonymFile
from inv_widgets.labels.synonyms import SynonymTable


def test_a_file_is_made_when_it_is_first_written(tmp_path):
    path = tmp_path / "sub" / "synonyms.csv"
    file = SynonymFile(path)
    assert (file.table, file.changed, path.exists()) == (SynonymTable(), False, False)
    file.write(SynonymTable({"pillar": ("column", "post")}))
    assert path.read_text() == "label,synonyms\npillar,column; post\n"
    assert not file.changed
    assert SynonymTable.read(path) == file.table == SynonymFile(path).table


def test_comments_and_further_columns_stay(tmp_path):
    path = tmp_path / "synonyms.csv"
    path.write_text("# ours, since May\nnote,Label,synonyms\nsay ada,pillar,column\n,tire,tyre\n")
    file = SynonymFile(path)
    file.write(SynonymTable({"pillar": ("column", "post"), "fur": ("pelt",)}))
    assert path.read_text() == "# ours, since May\nlabel,synonyms,note\nfur,pelt,\npillar,column; post,say ada\n"
    assert SynonymFile(path).table == file.table


@pytest.mark.parametrize("theirs", ["label,synonyms\nfur,pelt\n", None, "label,synonyms\n"])
def test_what_others_wrote_is_not_written_over(tmp_path, theirs):
    path = tmp_path / "synonyms.csv"
    path.write_text("label,synonyms\ntire,tyre\n")
    file = SynonymFile(path)
    path.write_text(theirs) if theirs is not None else path.unlink()
    assert file.changed
    with pytest.raises(FileChangedError, match=r"^\[inv-widgets\] .*synonyms.csv was changed by somebody else"):
        file.write(SynonymTable({"big": ("large",)}))
    assert (path.read_text() if path.exists() else None) == theirs
    file.write(SynonymTable({"big": ("large",)}), over=True)
    assert not file.changed
    copies = [other.read_text() for other in tmp_path.iterdir() if other != path]
    assert copies == ([theirs] if theirs is not None else [])


def test_a_broken_file_is_told_and_left(tmp_path):
    path = tmp_path / "synonyms.csv"
    path.write_text("a,b\nc,d\n")
    with pytest.raises(ValueError, match="has no column label"):
        SynonymFile(path)
    assert path.read_text() == "a,b\nc,d\n"


def test_a_file_that_cannot_be_written_stays(tmp_path, monkeypatch):
    path = tmp_path / "synonyms.csv"
    path.write_text("label,synonyms\ntire,tyre\n")
    file = SynonymFile(path)
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
    with pytest.raises(PermissionError):
        file.write(SynonymTable({"big": ("large",)}))
    assert [other.name for other in tmp_path.iterdir()] == ["synonyms.csv"]
    assert file.table == SynonymTable({"tire": ("tyre",)})
    assert not file.changed
