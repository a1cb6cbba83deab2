"""From a run and rounds to a labelled run."""

import dataclasses
import warnings

import numpy as np
import pandas as pd
import pytest
from small_runs import make_rounds

from inv_widgets.errors import UnknownNameError
from inv_widgets.labels.known import known_labels
from inv_widgets.labels.pipeline import label
from inv_widgets.labels.synonyms import SynonymTable
from inv_widgets.recipe import Recipe
from inv_widgets.run import Run, load


def names(explanation, layer="conv1"):
    return [[each.name for each in shown.labels] for shown in explanation.column(layer).cluster_maps]


def test_by_hand(run, cluster_maps):
    first, second, third = (each.id for each in cluster_maps)
    rounds = make_rounds(
        (first, "ada", "won", 0, ["The Columns", "a window!"]),
        (first, "bob", "lost", 2, ["pillar"]),
        (second, "ada", "resigned", 4, ["church pillars"]),
        (third, "bob", "won", 1, ["cross"]),
    )
    labelled = label(run, rounds)
    merged, cross = labelled[0].columns[0].cluster_maps
    # On the first: pillar 2 rounds, mean step 1, won: 1.8; window 1 round at step 0: 1. On the second: 1 round at
    # step 4, never won: .25 * .6 = .15. They share pillar: weights 12 and 6.
    assert [(each.name, round(each.score, 6)) for each in merged.labels] == [
        ("pillar", round((12 * 1.8 + 6 * 0.15) / 18, 6)),
        ("window", round(12 * 1.0 / 18, 6)),
    ]
    assert merged.labels[0].typed == ("The Columns", "church pillars", "pillar")
    assert (merged.labels[0].frequency, merged.labels[0].players, merged.labels[0].mean_step) == (3, 2, 2.0)
    assert (merged.rounds.wins, merged.rounds.losses, merged.rounds.resigns, merged.rounds.players) == (1, 1, 1, 2)
    assert merged.rounds.mean_step == 2.0
    assert merged.rounds.mean_share == 8.0
    assert merged.weight == pytest.approx(18.0)
    assert [[each.name for each in member.labels] for member in merged.members] == [["pillar", "window"], ["pillar"]]
    assert [member.rounds.total for member in merged.members] == [2, 1]
    assert (cross.label, cross.members, cross.cluster) == ("cross", (), 1)
    assert labelled[0].columns[1].cluster_maps[0].labels == ()
    assert labelled[0].columns[1].cluster_maps[0].rounds is None
    assert labelled.counts == {"pillar": 3, "cross": 1, "window": 1}
    assert labelled.keys == run.keys
    assert run[0].columns[0].cluster_maps[0].labels == ()  # the given run stays as it is


def test_scores_take_the_numbers_of_the_explanation_s_recipe(run, cluster_maps):
    rounds = make_rounds((cluster_maps[0].id, "ada", "lost", 2, ["window"]))
    run = Run([dataclasses.replace(run[0], recipe=Recipe(step_discount=0.2, lost_factor=0.5))])
    assert label(run, rounds)[0].columns[0].cluster_maps[0].labels[0].score == pytest.approx(0.3)


def test_what_each_is_called_is_known_once_it_was_read(run, cluster_maps):
    rounds = make_rounds(
        (cluster_maps[0].id, "ada", "won", 0, ["window"]), (cluster_maps[0].id, "ada", "won", 5, ["wall"])
    )
    labelled = label(run, rounds)
    assert known_labels(labelled) == labelled.best_labels == [None] * len(run)
    best = [each.name for each in labelled[0].columns[0].cluster_maps[0].best_labels]
    assert known_labels(labelled)[0] == best == ["window"]
    assert known_labels(run) == [[] for _ in run]


def test_which_rounds_count(run, cluster_maps):
    identity = cluster_maps[0].id
    rounds = pd.concat([
        make_rounds((identity, "ada", "won", 0, ["window"])),
        make_rounds((identity, "bob", "won", 0, ["gold"]), gold=True),
        make_rounds((identity, "bob", "won", 0, ["withdrawn"]), withdrawn=True),
        make_rounds((identity, "bob", None, 0, []), status="skipped"),
        make_rounds((identity, "bob", "won", 0, ["again"]), status="repeated"),
        make_rounds((identity, "bob", "won", 0, ["roof"]), times_seen=2),
    ])  # fmt: skip
    labelled = label(run, rounds)
    assert names(labelled[0])[0] == ["roof", "window"]
    assert labelled.report.left_out == {"gold": 1, "withdrawn": 1, "skipped": 1, "repeated": 1}
    assert (labelled.report.given, labelled.report.counted) == (6, 2)
    assert names(label(run, rounds, most_seen=1)[0])[0] == ["window"]


def test_corrections_count_only_when_asked_for(run, cluster_maps):
    rounds = make_rounds((cluster_maps[0].id, "ada", "won", 0, ["window"]), labels_corrected=["roof"])
    assert names(label(run, rounds)[0])[0] == ["window"]
    assert names(label(run, rounds, corrections=True)[0])[0] == ["roof"]


def test_rounds_on_unknown_cluster_maps_are_reported(run, cluster_maps):
    rounds = make_rounds((cluster_maps[0].id, "ada", "won", 0, ["roof"]), ("00ff", "ada", "won", 0, ["x"]),
                         ("00ff", "bob", "won", 0, ["x"]))  # fmt: skip
    with pytest.warns(
        UserWarning, match=r"^\[inv-widgets\] 1 of 3 rounds counted, 2 about 1 cluster maps that the run"
    ):
        labelled = label(run, rounds)
    assert labelled.report.unmatched == {"00ff": 2}
    assert "x" not in labelled.counts


def test_a_label_counts_once_a_round(run, cluster_maps):
    labelled = label(run, make_rounds((cluster_maps[0].id, "ada", "won", 0, ["wheel", "wheels", "ruota"])))
    ((wheel),) = labelled[0].columns[0].cluster_maps[0].labels
    assert (wheel.score, wheel.frequency, wheel.typed) == (1.0, 1, ("ruota", "wheel", "wheels"))


def test_the_order_of_rounds_does_not_matter(run, cluster_maps):
    ids = [each.id for each in cluster_maps]
    outcomes = ("won", "lost", "resigned")
    typed = ["windwo", "window", "pillar", "column", "pilaster", "tower", "towr", "ruote", "asdf", "roof", "red roof"]
    rounds = make_rounds(*(
        (ids[number % 3], f"p{number % 4}", outcomes[number % 3], number % 6, [text, typed[number // 2]])
        for number, text in enumerate(typed)
    ), share=13.7)  # fmt: skip
    expected = label(run, rounds)
    for seed in range(4):
        mixed = label(run, rounds.sample(frac=1, random_state=seed))
        assert mixed == expected
        assert mixed.counts == expected.counts
        pd.testing.assert_frame_equal(mixed.traces, expected.traces)


def test_a_trace_says_what_each_step_did(run, cluster_maps):
    labelled = label(run, make_rounds((cluster_maps[0].id, "ada", "won", 0, ["Delle finetsre!"]), language="en"))
    (draft,) = labelled.trace("Delle finetsre!")
    assert [(change.step, change.after) for change in draft.changes] == [
        ("clean", "delle finetsre"), ("language", "delle finetsre"), ("spelling", "delle finestre"),
        ("stop words", "finestre"),
        ("translation", "window"),
    ]  # fmt: skip
    assert draft.changes[1].note == "en was recorded, it was found"
    row = labelled.traces.iloc[0]
    assert (row["typed"], row["labels"], row["times"]) == ("Delle finetsre!", ["window"], 1)
    assert (row["recorded"], row["language"]) == ("en", "it")  # as it was read, not what it became
    assert str(draft) == (
        f"Delle finetsre! ({draft.category}, it) \u2192 clean: delle finetsre \u2192 language: en was recorded, it was "
        "found \u2192 spelling: delle finestre \u2192 stop words: finestre \u2192 translation: window \u2192 ['window']"
    )


def test_steps_can_be_switched_off_and_swapped(run, cluster_maps):
    rounds = make_rounds((cluster_maps[0].id, "ada", "won", 0, ["whells"]))

    def shout(draft, _):
        return draft.to("shout", tuple(part.upper() for part in draft.parts))

    assert names(label(run, rounds)[0])[0] == ["wheel"]
    assert names(label(run, rounds, steps={"spelling": None, "lemmas": None})[0])[0] == ["whells"]
    assert names(label(run, rounds, steps={"words": shout})[0])[0] == ["WHEEL"]
    with pytest.raises(UnknownNameError, match=r"There is no step 'speling'\. There are: clean"):
        label(run, rounds, steps={"speling": None})
    with pytest.raises(TypeError, match="The step 'wordnet' is a function: give None to switch it off"):
        label(run, rounds, steps={"wordnet": shout})


def test_a_persons_own_tables(run, cluster_maps, tmp_path):
    rounds = make_rounds((cluster_maps[0].id, "ada", "won", 0, ["column", "tavoletta", "roof"]), language="it")
    SynonymTable({"post": ("pillar", "column")}).save(tmp_path / "synonyms.csv")
    labelled = label(
        run, rounds, synonyms=tmp_path / "synonyms.csv", glossary={"tavoletta": "tablet"}, blocked=["roof"]
    )
    assert names(labelled[0])[0] == ["post", "tablet"]


def test_labelling_anew(run, cluster_maps):
    ids = [each.id for each in cluster_maps]
    rounds = make_rounds((ids[0], "ada", "won", 0, ["roof"]), (ids[1], "ada", "won", 0, ["roof"]))
    once = label(run, rounds)
    assert len(once[0].columns[0].cluster_maps) == 2
    other = make_rounds((ids[0], "ada", "won", 0, ["roof"]), (ids[1], "ada", "won", 0, ["door"]))
    assert label(once, other) == label(run, other)
    assert label(label(run, rounds, merge=False), rounds) == once
    assert len(label(run, rounds, merge=False)[0].columns[0].cluster_maps) == 3


def test_saved_and_read_again(run, cluster_maps, tmp_path):
    ids = [each.id for each in cluster_maps]
    rounds = make_rounds((ids[0], "ada", "won", 0, ["roof"]), (ids[1], "bob", "lost", 3, ["roof", "🎈"]))
    labelled = label(run, rounds)
    read = load(labelled.save(tmp_path / "labelled.parquet"))
    assert read == Run(labelled)
    assert read[0].columns[0].cluster_maps[0].members == labelled[0].columns[0].cluster_maps[0].members
    assert label(read, rounds) == labelled  # rounds are about the members


def test_a_saved_run_is_read_only_when_asked_for(run, cluster_maps, tmp_path, monkeypatch):
    path = run.save(tmp_path / "run.parquet")
    from inv_widgets.run_files import RunFiles

    read = []
    real = RunFiles.read
    monkeypatch.setattr(RunFiles, "read", lambda self, place: read.append(place) or real(self, place))
    labelled = label(path, make_rounds((cluster_maps[0].id, "ada", "won", 0, ["roof"])))
    assert (labelled.keys, len(labelled), read) == ([("church.jpg", "church")], 1, [])
    assert labelled["church.jpg"].columns[0].cluster_maps[0].label == "roof"
    assert labelled.filter(target="church")[0].columns[0].cluster_maps[0].label == "roof"


@pytest.mark.parametrize("phrases", [False, True])
def test_anything_may_be_typed(run, cluster_maps, phrases):
    texts = ["", "   ", "🎈🎈", "نافذة كبيرة", "窓", "<img src=x onerror=alert(1)>", "'; DROP TABLE rounds; --",
             "a" * 200,
             "\x00", "null", "=1+1", "🏳️\u200d🌈 flag", "ﬁne ﬂag", "İstanbul", "%s {0}", "-", "'",
             "''s", "\u202eevil\u202c", "&lt;b&gt;window&lt;/b&gt;"]  # fmt: skip
    rounds = make_rounds(*((cluster_maps[0].id, f"p{number}", "won", 0, [text]) for number, text in enumerate(texts)))
    labelled = label(run, rounds, phrases=phrases)
    said = labelled.counts
    assert not any("<" in name or "\x00" in name or "\u202e" in name for name in said)
    assert {"window", "窓", "flag"} <= set(said)
    assert len(labelled.traces) == len(texts)


def test_no_labels_one_label_and_thousands(run, cluster_maps):
    identity = cluster_maps[0].id
    empty = label(run, make_rounds())
    assert empty.counts == {}
    assert empty == run
    assert list(empty.traces.columns) == [
        "typed",
        "category",
        "recorded",
        "language",
        "times",
        "labels",
        "steps",
        "flags",
    ]
    silent = label(run, make_rounds((identity, "ada", "resigned", 5, [])))
    assert silent[0].columns[0].cluster_maps[0].labels == ()
    assert silent[0].columns[0].cluster_maps[0].rounds.resigns == 1
    assert names(label(run, make_rounds((identity, "ada", "won", 0, ["roof"])))[0])[0] == ["roof"]
    draw = np.random.default_rng(0)
    syllables = ["ba", "co", "di", "fu", "ge", "li", "mo", "nu", "pe", "ra", "so", "ti"]
    texts = {"".join(draw.choice(syllables, 5)) for _ in range(5200)}
    many = label(run, make_rounds(*((identity, "ada", "won", 0, [text]) for text in sorted(texts)[:5000])))
    assert 3000 < len(many[0].columns[0].cluster_maps[0].labels) <= 5000


class Store:
    def __init__(self, frame):
        self.frame = frame

    def rounds(self):
        return self.frame


def test_what_rounds_may_be(run, cluster_maps):
    frame = make_rounds((cluster_maps[0].id, "ada", "won", 0, ["roof"]))
    expected = label(run, frame)
    assert label(run, Store(frame)) == expected
    assert label(run, frame.to_dict("records")) == expected
    with pytest.raises(TypeError, match=r"The rounds are a str: give an inv\.LabelStore"):
        label(run, "labels.db")
    with pytest.raises(ValueError, match="The rounds have no field outcome, labels"):
        label(run, frame.drop(columns=["labels", "outcome"]))
    with pytest.raises(ValueError, match="was answered with the outcome 'draw'"):
        label(run, frame.assign(outcome="draw"))


def test_neither_torch_nor_sklearn_is_imported():
    import subprocess
    import sys

    program = """
import sys
import inv_widgets.labels.pipeline
from inv_widgets.labels.canonical import canonical_labels
assert canonical_labels({("whells", "church", "en"): 1}).counts == {"wheel": 1}
unwanted = ("torch", "sklearn", "onnxruntime", "inv_widgets.store", "inv_widgets.game")
print([name for name in unwanted if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_nothing_is_warned_of_when_all_is_well(run, cluster_maps):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        label(run, make_rounds((cluster_maps[0].id, "ada", "won", 0, ["roof"])))


def test_the_rounds_behind_the_labels(run, cluster_maps):
    rounds = make_rounds(
        (cluster_maps[0].id, "ada", "won", 2, ["Columns", "red roof"]), (cluster_maps[1].id, "bob", "lost", 5, [])
    )
    frame = label(run, rounds).rounds
    assert frame["labels"].tolist() == [["pillar", "red", "roof"], []]
    assert frame["typed"].tolist() == [["Columns", "red roof"], []]
    assert frame["player"].tolist() == ["ada", "bob"]
    assert list(label(run, make_rounds()).rounds.columns) == list(frame.columns)


def test_phrases_by_embeddings(run, cluster_maps):
    alike = {"big wheel": [1, 0], "large black wheel": [1, 0.1], "roof": [0, 1], "big black wheel": [1, 0.1]}

    def embed(labels):
        return np.array([alike[each] for each in labels], float)

    rounds = make_rounds((cluster_maps[0].id, "ada", "won", 0, ["a big wheel"]),
                         (cluster_maps[0].id, "bob", "won", 0, ["large black wheels", "the roof"]))  # fmt: skip
    labelled = label(run, rounds, phrases=True, embeddings=embed)
    assert labelled.counts == {"big black wheel": 2, "roof": 1}
    assert label(run, rounds, phrases=True, embeddings=embed, cut=1.0).counts == {
        "big black wheel": 1, "big wheel": 1, "roof": 1,
    }  # fmt: skip


def test_a_run_saved_before_labels_could_be_analysed(run, cluster_maps, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = run.save(tmp_path / "run.parquet")
    for file in tmp_path.glob("*.parquet"):
        table = pq.read_table(file)
        place = table.schema.get_field_index("schema_version")
        table = table.set_column(place, "schema_version", pa.array([2] * len(table), pa.int32()))
        if file == path:
            of_old = pa.list_(pa.struct([("name", pa.string()), ("score", pa.float64())]))
            labels = [[{"name": "roof", "score": 2.0}]] * len(table)
            place = table.schema.get_field_index("labels")
            table = table.set_column(place, "labels", pa.array(labels, of_old)).drop_columns(["rounds", "members"])
        pq.write_table(table, file, row_group_size=len(table))
    old = load(path)
    assert [each.name for each in old[0].columns[0].cluster_maps[0].labels] == ["roof"]
    assert old[0].columns[0].cluster_maps[0].members == ()
    labelled = label(old, make_rounds((cluster_maps[0].id, "ada", "won", 0, ["door"])))
    assert labelled[0].columns[0].cluster_maps[0].label == "door"


def test_without_the_word_packages_the_rest_still_works():
    import subprocess
    import sys

    program = """
import sys
for name in ("spellchecker", "simplemma", "lingua", "onnxruntime"):
    sys.modules[name] = None
from inv_widgets.labels.canonical import canonical_labels
texts = {("The wheels!", "church", "en"): 1, ("ruota", "church", "it"): 1, ("finestre", "church", "it"): 1}
print(sorted(canonical_labels(texts).counts.items()))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[('wheel', 2), ('window', 1)]"
