"""The model of Dawid and Skene: one step by hand, against loops, and on simulated players whose skill is known."""

import math

import numpy as np
import pytest

from inv_widgets.labels.dawid_skene import Answers, dawid_skene


def answers(rows):
    return Answers(*(np.array(column, np.int64) for column in zip(*rows, strict=True)))


# Two players say yes (1) to the first item, the third no; all say no to the second.
SMALL = [(0, 0, 1), (0, 1, 1), (0, 2, 0), (1, 0, 0), (1, 1, 0), (1, 2, 0)]


def test_one_step_by_hand():
    found = dawid_skene(answers(SMALL), smoothing=0.0, steps=1)
    assert found.prevalence == pytest.approx([2 / 3, 1 / 3])  # votes: 2/3 and 0
    # Player 0 said yes to what is a yes by 2/3 (always), and to 1/3 of the 4/3 that are a no.
    assert found.confusion[0] == pytest.approx(np.array([[3 / 4, 1 / 4], [0, 1]]))
    assert found.confusion[2] == pytest.approx(np.array([[1, 0], [1, 0]]))
    # First item: yes 1/3 * 1 * 1 * 1, no 2/3 * 1/4 * 1/4 * 1: 8 to 1. Second: player 0 never misses a yes.
    assert found.probabilities[:, 1] == pytest.approx([8 / 9, 0])
    assert (found.steps, found.converged) == (1, False)


def written_out(rows, classes, smoothing, steps):
    items, coders = 1 + max(row[0] for row in rows), 1 + max(row[1] for row in rows)
    truth = [[0.0] * classes for _ in range(items)]
    for item, _, said in rows:
        truth[item][said] += 1 / sum(row[0] == item for row in rows)
    for _ in range(steps):
        prior = [sum(row[k] for row in truth) / items for k in range(classes)]
        conf = {}
        for coder in range(coders):
            for true in range(classes):
                counts = [smoothing] * classes
                for item, who, said in rows:
                    if who == coder:
                        counts[said] += truth[item][true]
                conf[coder, true] = [count / sum(counts) for count in counts]
        truth = []
        for item in range(items):
            likely = [
                prior[true] * math.prod(conf[who, true][said] for place, who, said in rows if place == item)
                for true in range(classes)
            ]
            truth.append([each / sum(likely) for each in likely])
    return truth


@pytest.mark.parametrize("classes", [2, 3])
def test_as_written_out(classes):
    draw = np.random.default_rng(classes)
    rows = [
        (item, coder, int(draw.integers(classes))) for item in range(9) for coder in range(4) if draw.random() < 0.8
    ]
    rows += [(item, 0, 1) for item in range(9) if not any(row[0] == item for row in rows)]
    found = dawid_skene(answers(rows), classes=classes, smoothing=0.3, steps=7, tolerance=0)
    assert found.steps == 7
    assert found.probabilities == pytest.approx(np.array(written_out(rows, classes, 0.3, 7)))


def test_skill_of_simulated_players_is_found():
    draw = np.random.default_rng(0)
    truth = draw.random(400) < 0.4
    hits, alarms = (0.95, 0.9, 0.6, 0.5), (0.05, 0.1, 0.2, 0.5)
    rows = [
        (item, coder, int(draw.random() < (hits if yes else alarms)[coder]))
        for item, yes in enumerate(truth)
        for coder in range(4)
    ]
    found = dawid_skene(answers(rows))
    assert found.converged
    assert found.confusion[:, 1, 1] == pytest.approx(hits, abs=0.08)
    assert found.confusion[:, 0, 1] == pytest.approx(alarms, abs=0.08)
    votes = np.array([np.mean([row[2] for row in rows[4 * item : 4 * item + 4]]) for item in range(400)])
    right = ((found.probabilities[:, 1] > 0.5) == truth).mean()
    assert right > ((votes > 0.5) == truth).mean() + 0.02
    assert right > 0.93


def test_nobody():
    nobody = np.zeros(0, np.int64)
    found = dawid_skene(Answers(nobody, nobody, nobody))
    assert found.probabilities.shape == (0, 2)
    assert found.converged


def test_probabilities_with_many_answers_do_not_vanish():
    rows = [(item, coder, item) for item in range(2) for coder in range(3000)]
    found = dawid_skene(answers(rows), smoothing=0.5)
    assert found.probabilities[:, 1] == pytest.approx([0, 1])
