"""Labelled explanations with merged cluster maps, made of numpy alone; players and labels are simulated."""

import dataclasses

from examples import NAMES, example

from inv_widgets.explanation import Label, Rounds
from inv_widgets.labels.merging import merge_column
from inv_widgets.labels.scores import label_score
from inv_widgets.run import Run

# By layer and cluster map: label -> (rounds, players, mean step, won), as simulated players gave them.
SAID = (
    (  # two of three meet in "arch"
        {"arch": (6, 5, 1.5, True), "window": (4, 4, 2.0, True), "stone": (2, 2, 3.0, False)},
        {"arch": (5, 4, 1.0, True), "roof": (4, 4, 2.5, True), "tower": (1, 1, 4.0, True)},
        {"sky": (4, 4, 1.0, True), "cloud": (1, 1, 2.0, False)},
    ),
    (  # all three by a chain: door - door, gate - gate
        {"door": (5, 5, 1.0, True), "handle": (3, 2, 2.0, True)},
        {"door": (4, 4, 2.0, True), "gate": (4, 4, 2.0, True)},
        {"gate": (6, 5, 0.5, True), "iron": (2, 2, 1.0, False), "fence": (1, 1, 5.0, True)},
    ),
    (  # low support, a tie, and one that nobody has played
        {"shadow": (1, 1, 3.0, True), "edge": (1, 1, 3.0, True)},
        {f"word {number}": (1 + number % 4, 1 + number % 3, 1.0, number % 2 == 0) for number in range(240)},
        {},
    ),
    (  # what people type
        {"🦊 fox": (4, 3, 1.0, True), "<b>bold</b>": (3, 3, 1.0, True), "אוזן": (3, 2, 2.0, True)},
        {"a label of very many words that somebody typed and nobody had the heart to split": (4, 3, 1.0, True)},
        {"tail": (3, 2, 0.5, True)},
    ),
)


def merged_examples():
    """Make a Run of two labelled explanations, and a third that nobody has labelled."""
    labelled = [merged_example(name, seed) for seed, name in enumerate(NAMES[:2])]
    return Run([*labelled, example(NAMES[2], 2)])


def merged_example(name=NAMES[0], seed=0):
    """Make an explanation whose cluster maps carry simulated labels, merged where their best labels meet."""
    made = example(name, seed)
    columns = []
    for column, said in zip(made.columns, SAID, strict=True):
        apart = tuple(_labelled(shown, labels) for shown, labels in zip(column.cluster_maps, said, strict=True))
        labelled = dataclasses.replace(column, cluster_maps=apart)
        columns.append(dataclasses.replace(column, cluster_maps=merge_column(made, labelled, _counted)))
    return dataclasses.replace(made, columns=tuple(columns))


def _labelled(shown, said):
    labels = [
        Label(name, label_score(rounds, step, won), rounds, step, won=won, players=players, typed=(name.upper(),))
        for name, (rounds, players, step, won) in said.items()
    ]
    labels.sort(key=lambda label: (-label.score, label.name))
    most = max((label.frequency for label in labels), default=0)
    rounds = Rounds(most, 2, 1, most + 1, 1.5 + 0.5 * shown.cluster, 7.5 + 4.5 * shown.cluster) if labels else None
    return dataclasses.replace(shown, labels=tuple(labels), rounds=rounds)


def _counted(merged):
    """Sum up the members' rounds; here each player played one member only."""
    each = [member.rounds for member in merged.members if member.rounds]
    total = sum(one.total for one in each)
    rounds = Rounds(
        sum(one.wins for one in each),
        sum(one.losses for one in each),
        sum(one.resigns for one in each),
        sum(one.players for one in each),
        sum(one.mean_step * one.total for one in each) / total,
        sum(one.mean_share * one.total for one in each) / total,
    )
    return dataclasses.replace(merged, rounds=rounds)
