"""The real fashion network, with simulated labels: the room, on one core."""

import dataclasses

import numpy as np

import inv_widgets as inv
from inv_widgets.comparison.tcav import tcav
from inv_widgets.explanation import Label, Rounds
from inv_widgets.summary.pipeline import summarize


def simulated(explanation, random):
    """What simulated players say: where the light is, "upper" or "lower"; and a word by lot."""

    def labelled(shown):
        rows = shown.map.sum(1) @ (np.arange(shown.map.shape[0]) + 0.5) / max(shown.map.sum(), 1e-9)
        place = "upper" if rows < shown.map.shape[0] / 2 else "lower"
        names = [place] if random.random() < 0.8 else [place, "simulated word"]
        labels = tuple(Label(name, 2.0, 2, 1.0, won=True, players=2) for name in names)
        return dataclasses.replace(shown, labels=labels, rounds=Rounds(2, 0, 0, 2, 3.0, 13.0))

    columns = tuple(
        dataclasses.replace(column, cluster_maps=tuple(map(labelled, column.cluster_maps)))
        for column in explanation.columns
    )
    return dataclasses.replace(explanation, columns=columns)


def test_the_fashion_network_with_simulated_labels():
    net = inv.Classifier.demo("fashion")
    random = np.random.default_rng(0)
    samples = [sample for sample in inv.datasets.fashion() if sample.category in {"trouser", "ankle boot"}]
    recipe = inv.Recipe(tsne_iterations=250)
    layers = ["block2.conv3", "block3.conv3"]
    run = inv.Run(
        simulated(inv.explain(net, sample, sample.category, "last 9", recipe=recipe), random) for sample in samples
    )
    summary = summarize(run, draws=10)
    result = tcav(net, summary, None, layer=layers)
    frame = result.to_frame()
    assert set(frame.label) == {"upper", "lower", "simulated word"}
    assert set(frame.layer) == set(layers)
    tested = frame[frame.testable]
    assert len(tested) >= 8
    assert tested.score.between(0, 1).all()
    assert tested.p.between(0, 1).all()
    assert (tested.p_holm >= tested.p).all()
    assert not (frame[frame.label == "simulated word"].p_holm < 0.05).any()
    assert (frame.n_class_pictures == 5).all()
