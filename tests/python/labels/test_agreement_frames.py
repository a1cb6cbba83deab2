"""Agreement, consensus, weights and support of a labelled run, with values worked out by hand or by nltk."""

import dataclasses
import math

import numpy as np
import pytest
from nltk.metrics.agreement import AnnotationTask
from small_runs import make_cluster_map, make_column, make_explanation, make_rounds, set_distance

from inv_widgets.explanation import Label
from inv_widgets.labels.pipeline import label
from inv_widgets.labels.places import map_places
from inv_widgets.labels.scores import label_score
from inv_widgets.labels.support import LEAST, is_low
from inv_widgets.run import Run, load
from inv_widgets.summary.aggregation import MinSupport

PLAIN = {"steps": {"wordnet": None}, "merge": False}


@pytest.fixture
def two():
    """Two pictures; the first has two layers of two cluster maps and one, the second one map of the second layer."""
    first = make_explanation([
        make_column([make_cluster_map(0, 12.0, [[1, 0], [0, 0]]), make_cluster_map(1, 6.0, [[0, 4], [0, 0]])]),
        make_column([make_cluster_map(0, 9.0, [[0, 0], [0, 1]], layer="conv2")], layer="conv2", depth=1),
    ])  # fmt: skip
    other = make_cluster_map(0, 9.0, [[0, 0], [0, 1]], layer="conv2", picture="q")
    second = make_explanation([make_column([other], layer="conv2", depth=1)], name="tower.jpg", picture="q")
    return Run([first, second])


@pytest.fixture
def rounds(two):
    a, b, c, d = map_places(two)
    return make_rounds(
        (a, "ada", "won", 0, ["wheel"]), (a, "bob", "won", 0, ["the wheels", "door"]), (a, "eve", "lost", 1, ["sky"]),
        (b, "ada", "won", 0, ["window"]), (b, "bob", "won", 0, ["windwo"]),
        (c, "ada", "won", 0, ["door"]), (c, "eve", "won", 0, ["door"]), (c, "bob", "resigned", 5, []),
        (d, "eve", "won", 0, ["sky"]), (d, "bob", "won", 2, ["roof"]),
    )  # fmt: skip


def ratings(labelled):
    """What the analysis made of the rounds, as nltk takes it."""
    frame = labelled.rounds
    return [(row.player, row.cluster_map, frozenset(row.labels)) for row in frame.itertuples() if row.labels]


def nltk_alpha(data, distance="masi"):
    return AnnotationTask(data, distance=lambda one, other: set_distance(one, other, distance)).alpha()


def test_places(two, tmp_path):
    places = map_places(two)
    assert [(each.picture, each.layer, each.depth) for each in places.values()] == [
        ("church.jpg", "conv1", 0), ("church.jpg", "conv1", 0), ("church.jpg", "conv2", 1), ("tower.jpg", "conv2", 1),
    ]  # fmt: skip
    saved = load(two.save(tmp_path / "run.parquet"))
    assert map_places(saved) == places
    first, *_, last = places
    for run in (two, saved):  # a frame of one's own can have rounds about nothing
        assert map_places(run, [last, math.nan, "unknown", first, None]) == {one: places[one] for one in (first, last)}


def test_places_of_a_merged_run_are_its_members(two, rounds, tmp_path):
    a, b, *_ = map_places(two)
    same = make_rounds(*((each, who, "won", 0, ["wheel"]) for each in (a, b) for who in ("ada", "bob")))
    merged = label(two, same)
    assert len(merged[0].columns[0].cluster_maps) == 1
    for run in (Run(list(merged)), load(merged.save(tmp_path / "merged.parquet"))):
        assert map_places(run) == map_places(two)
        assert (
            label(run, rounds, **PLAIN).agreement()["alpha"][0] == label(two, rounds, **PLAIN).agreement()["alpha"][0]
        )


@pytest.mark.parametrize("distance", ["masi", "jaccard"])
def test_whole_run_as_nltk(two, rounds, distance):
    labelled = label(two, rounds, **PLAIN)
    (row,) = labelled.agreement(distance=distance).to_dict("records")
    data = ratings(labelled)
    assert ("bob", list(map_places(two))[1], {"window"}) in data  # corrected: after the analysis, not before
    assert row["alpha"] == pytest.approx(nltk_alpha(data, distance))
    assert row["low"] <= row["alpha"] <= row["high"]
    assert (row["n_cluster_maps"], row["n_players"], row["n_rounds"], row["reason"]) == (4, 3, 9, "")
    assert row["alpha"] == pytest.approx(1 - row["observed"] / row["expected"])


def test_groups_of_their_own_as_nltk(two, rounds):
    labelled = label(two, rounds, **PLAIN)
    places = map_places(two)
    for by in ("picture", "layer"):
        frame = labelled.agreement(by, expected="group").set_index(by)
        for name, row in frame.iterrows():
            data = [each for each in ratings(labelled) if getattr(places[each[1]], by) == name]
            assert row["alpha"] == pytest.approx(nltk_alpha(data)), name


def test_groups_against_the_run(two, rounds):
    labelled = label(two, rounds, **PLAIN)
    (whole,) = labelled.agreement().to_dict("records")
    maps = labelled.agreement("cluster_map")
    # MASI on the first map: wheel - wheel, door 2/3; the other two pairs 1.
    assert list(maps["observed"]) == pytest.approx([(2 / 3 + 1 + 1) / 3, 0, 0, 1])
    assert list(maps["alpha"]) == pytest.approx([1 - observed / whole["expected"] for observed in maps["observed"]])
    assert list(maps["n_rounds"]) == [3, 2, 2, 2]
    for by in ("cluster_map", "picture", "layer"):
        frame = labelled.agreement(by)
        assert np.average(frame["alpha"], weights=frame["n_rounds"]) == pytest.approx(whole["alpha"])
    assert list(labelled.agreement("layer")["layer"]) == ["conv1", "conv2"]
    assert list(labelled.agreement("picture")["picture"]) == ["church.jpg", "tower.jpg"]


def test_by_player(two, rounds):
    rounds["player_id"] = "id-" + rounds["player"]
    labelled = label(two, rounds, **PLAIN)
    frame = labelled.agreement("player").set_index("nickname")
    assert list(frame["player"]) == ["id-ada", "id-bob", "id-eve"]
    # ada: (2/3 + 1)/2 on the first map, 0 on the second and third. bob: the same, 0, and 1 on the fourth.
    assert list(frame["observed"]) == pytest.approx([5 / 6 / 3, (5 / 6 + 0 + 1) / 3, (1 + 0 + 1) / 3])
    assert list(frame["n_cluster_maps"]) == [3, 3, 3]
    assert list(frame["n_players"]) == [2, 2, 2]
    with pytest.raises(ValueError, match=r"expected='group': give 'run'"):
        labelled.agreement("player", expected="group")


@pytest.mark.parametrize("weights", [{}, {"eve": 0.3}])
def test_interval_is_of_the_draws(two, rounds, weights):
    labelled = label(two, rounds, weights=weights, **PLAIN)
    draws = np.random.default_rng(7).multinomial(3, np.full(3, 1 / 3), size=200)
    names = ("ada", "bob", "eve")
    values = [
        weighted_alpha(ratings(labelled), {name: n * weights.get(name, 1) for name, n in zip(names, row, strict=True)})
        for row in draws
    ]
    values = [value for value in values if not math.isnan(value)]
    (row,) = labelled.agreement(draws=200, seed=7, confidence=0.8).to_dict("records")
    assert [row["low"], row["high"]] == pytest.approx(np.quantile(values, [0.1, 0.9]).tolist())
    assert labelled.agreement(draws=200, seed=7).equals(labelled.agreement(draws=200, seed=7))


def test_cluster_maps_of_one_player_are_not_counted(two):
    a, b, *_ = map_places(two)
    rounds = make_rounds((a, "ada", "won", 0, ["wheel"]), (a, "bob", "won", 0, ["door"]), (b, "eve", "won", 0, ["sky"]))
    (row,) = label(two, rounds, **PLAIN).agreement("layer").to_dict("records")
    assert (row["n_cluster_maps"], row["n_players"], row["n_rounds"]) == (1, 2, 2)


def weighted_alpha(data, weights):
    units = {}
    for who, unit, labels in data:
        if weights[who]:
            units.setdefault(unit, []).append((weights[who], labels))
    shared = [given for given in units.values() if len(given) > 1]
    mass = sum(weight for given in shared for weight, _ in given)
    observed = sum(sum(weight for weight, _ in given) * apart(given) for given in shared)
    chance = apart([one for given in shared for one in given]) if shared else 0
    return 1 - observed / mass / chance if chance else math.nan


def apart(given):
    pairs = [(w * v, set_distance(a, b)) for i, (w, a) in enumerate(given) for j, (v, b) in enumerate(given) if i != j]
    return sum(weight * distance for weight, distance in pairs) / sum(weight for weight, _ in pairs)


def test_more_players_make_it_surer(two):
    widths = []
    for n in (6, 60):
        rows = [(each, f"simulated {k}", "won", 0, [("wheel", "door", "sky")[(k + m * (k % 2)) % 3]])
                for m, each in enumerate(map_places(two)) for k in range(n)]  # fmt: skip
        (row,) = label(two, make_rounds(*rows), **PLAIN).agreement().to_dict("records")
        widths.append(row["high"] - row["low"])
    assert widths[1] < widths[0]


def test_nothing_to_compare(two):
    a, b, *_ = map_places(two)
    nobody = label(two, make_rounds())
    assert math.isnan(nobody.agreement()["alpha"][0])
    assert list(nobody.agreement()["reason"]) == ["no cluster map with labels of two players"]
    for by in ("picture", "layer", "player", "cluster_map"):
        assert nobody.agreement(by).empty
    alone = label(two, make_rounds((a, "ada", "won", 0, ["wheel"]), (b, "bob", "won", 0, ["wheel"])))
    assert list(alone.agreement("picture")["reason"]) == ["no cluster map with labels of two players"]
    same = label(two, make_rounds((a, "ada", "won", 0, ["wheel"]), (a, "bob", "won", 0, ["wheel"])))
    (row,) = same.agreement().to_dict("records")
    assert math.isnan(row["alpha"])
    assert row["observed"] == 0
    assert row["reason"] == "all say the same: there is no chance to compare with"
    assert len(nobody.consensus().labels) == 0
    assert nobody.label_frame().empty


@pytest.mark.parametrize(
    ("asked", "words"),
    [({"by": "class"}, "by='class' is no grouping"), ({"distance": "cosine"}, "There is no distance 'cosine'"),
     ({"expected": "all"}, "expected='all': give"), ({"draws": 0}, "draws=0"), ({"confidence": 2.0}, "confidence=2.0")],
)  # fmt: skip
def test_wrong_questions(two, rounds, asked, words):
    with pytest.raises(ValueError, match=rf"^\[inv-widgets\] .*{words}"):
        label(two, rounds).agreement(**asked)


# Experts and novices


def test_weights_in_scores(two):
    a, *_ = map_places(two)
    rounds = make_rounds(
        (a, "ada", "won", 0, ["wheel"]), (a, "bob", "lost", 2, ["wheel"]), (a, "eve", "won", 1, ["door"])
    )
    weighted = label(two, rounds, weights={"ada": 3.0, "eve": 0.5}, **PLAIN)[0].columns[0].cluster_maps[0].labels
    # wheel: 3 + 1 rounds' worth at the mean step (3 * 0 + 1 * 2) / 4: 4 * (1 - 0.05). door: 0.5 * 0.9.
    assert [(each.name, each.score) for each in weighted] == [
        ("wheel", pytest.approx(3.8)),
        ("door", pytest.approx(0.45)),
    ]
    assert (weighted[0].frequency, weighted[0].players, weighted[0].mean_step) == (2, 2, 1.0)
    plain = label(two, rounds, **PLAIN)[0].columns[0].cluster_maps[0].labels
    assert plain[0].score == label_score(2, 1.0, won=True)


def test_weights_of_one_are_none(two, rounds):
    plain, ones = label(two, rounds), label(two, rounds, weights={"ada": 1, "bob": 1.0})
    assert list(plain) == list(ones)
    assert plain.agreement().equals(ones.agreement())


def test_weights_in_agreement(two, rounds):
    labelled = label(two, rounds, weights={"eve": 0.25}, **PLAIN)
    data = ratings(labelled)
    (row,) = labelled.agreement(draws=10).to_dict("records")
    assert row["alpha"] == pytest.approx(weighted_alpha(data, {"ada": 1, "bob": 1, "eve": 0.25}))
    assert row["alpha"] > label(two, rounds, **PLAIN).agreement()["alpha"][0]
    assert set(labelled.rounds["weight"]) == {1.0, 0.25}


def test_weights_by_id(two, rounds):
    rounds["player_id"] = "id-" + rounds["player"]
    by_id, by_name = label(two, rounds, weights={"id-ada": 2}), label(two, rounds, weights={"ada": 2})
    assert by_id.rounds.equals(by_name.rounds)
    assert list(by_id) == list(by_name)


def test_wrong_weights(two, rounds):
    with pytest.warns(UserWarning, match=r"^\[inv-widgets\] weights: no round that counts is of 'adda'"):
        label(two, rounds, weights={"adda": 2.0})
    for wrong in (0, -1.0, math.nan, math.inf, "2", True):
        with pytest.raises(ValueError, match=r"^\[inv-widgets\] weights\['ada'\]="):
            label(two, rounds, weights={"ada": wrong})
    with pytest.raises(TypeError, match=r"^\[inv-widgets\] weights=\['ada'\] is a list"):
        label(two, rounds, weights=["ada"])


# Consensus


def test_consensus(two, rounds):
    found = label(two, rounds, **PLAIN).consensus()
    first = next(iter(map_places(two)))
    of_first = found.labels[found.labels["cluster_map"] == first].set_index("label")
    assert of_first["n_said"].to_dict() == {"wheel": 2, "door": 1, "sky": 1}
    assert set(of_first["n_players"]) == {3}
    assert of_first["share"]["wheel"] == pytest.approx(2 / 3)
    assert of_first.index[0] == "wheel"
    assert of_first["probability"].is_monotonic_decreasing
    assert set(of_first["picture"]) == {"church.jpg"}
    assert list(found.players["player"]) == ["ada", "bob", "eve"]
    assert list(found.players["n_cluster_maps"]) == [3, 3, 3]
    assert found.players["hits"].between(0, 1).all()
    assert found.converged
    with pytest.raises(ValueError, match="smoothing=-1"):
        label(two, rounds).consensus(smoothing=-1)


def test_consensus_finds_who_types_anything(two):
    """Of simulated players one names what is there, two mostly do, one says something else each time."""
    truth = dict(zip(map_places(two), ("wheel", "door", "sky", "roof"), strict=True))
    other = ("grass", "hand", "water", "leaf")
    rows = []
    for number, (unit, word) in enumerate(truth.items()):
        rows += [(unit, "sure", "won", 0, [word]), (unit, "good", "won", 0, [word]), (unit, "fair", "won", 0, [word])]
        rows.append((unit, "wild", "won", 0, [other[number]]))
    found = label(two, make_rounds(*rows), **PLAIN).consensus()
    best = found.labels.groupby("cluster_map").first()
    assert best["label"].to_dict() == truth
    players = found.players.set_index("player")
    assert players["hits"]["wild"] < 0.3
    assert players["hits"]["sure"] > 0.7
    assert players["false_alarms"]["wild"] > 0.7
    assert players["false_alarms"]["sure"] < 0.3


# Support


def test_low_support_of_a_cluster_maps_label():
    label_ = Label("wheel", 2.0, frequency=3, players=2)
    assert not is_low(label_)
    assert is_low(dataclasses.replace(label_, frequency=2))
    assert is_low(dataclasses.replace(label_, players=1))
    assert not is_low(dataclasses.replace(label_, frequency=0, players=0))  # not known
    assert MinSupport() == LEAST


def test_label_frame(two, rounds):
    frame = label(two, rounds, **PLAIN).label_frame().set_index("label")
    # door: bob on the first map, ada and eve on the third: three rounds, but one picture.
    assert list(frame.loc["door"]) == [3, 3, 2, 1, True]
    assert list(frame.loc["sky"]) == [2, 1, 2, 2, True]
    assert list(frame.loc["wheel"]) == [2, 2, 1, 1, True]
    assert list(frame.index[:2]) == ["door", "wheel"]  # of equal rounds, more players first
    less = label(two, rounds, **PLAIN).label_frame(min_support={"rounds": 3, "pictures": 1}).set_index("label")
    assert list(less.index[~less["low_support"]]) == ["door"]
