"""How well the label analysis finds the right labels, step by step, and how long it takes.

Accuracy: labels of the gold set (`tests/python/labels/data`) that become exactly the expected ones, on the half that
was held out while the analysis was tuned. Time: 10,000 simulated rounds, typed with slips, in two languages.

    python tests/bench/bench_labels.py [--rounds 10000] [--half held-out]
"""

from __future__ import annotations

import argparse
import csv
import random
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from inv_widgets.explanation import ClusterMap, Column, Explanation, Prediction, Rest
from inv_widgets.labels import embeddings
from inv_widgets.labels.canonical import Options, canonical_labels
from inv_widgets.labels.pipeline import label
from inv_widgets.labels.shipped import glossary
from inv_widgets.run import Run

GOLD = Path(__file__).parents[1] / "python" / "labels" / "data" / "gold.csv"
SWITCHED_OFF = (
    "language", "noise", "spelling", "blocked", "class_name", "stop_words", "translation", "lemmas", "synonyms",
    "wordnet",
)  # fmt: skip
CLASSES = ("church", "garbage truck", "parachute", "tench", "golf ball", "French horn", "chain saw", "gas pump")


def gold(half: str) -> list[dict[str, str]]:
    """Read one half of the gold set."""
    with GOLD.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["half"] == half]


def right(rows: list[dict[str, str]], options: Options) -> Counter[str]:
    """Count the labels that came out exactly right, by kind."""
    keys = [(row["raw"], row["category"], row["language"]) for row in rows]
    made = canonical_labels(Counter(keys), options)
    found: Counter[str] = Counter()
    for row, key in zip(rows, keys, strict=True):
        wanted = {word.strip() for word in row["expected"].split(";") if word.strip()}
        found[row["kind"]] += set(made.labels(*key)) == wanted
    return found


def print_accuracy(half: str) -> None:
    """Print the accuracy of all steps, without each one, and by kind of label."""
    rows = gold(half)
    everything = right(rows, Options())
    total = everything.total()
    print(f"gold set, half {half!r}: {len(rows)} labels")
    print(f"  all steps                {total / len(rows):6.1%}")
    off = Options(steps=dict.fromkeys(SWITCHED_OFF))
    print(f"  only cleaned and split   {right(rows, off).total() / len(rows):6.1%}")
    for step in SWITCHED_OFF:
        without = right(rows, Options(steps={step: None})).total()
        print(f"  without {step:<16} {without / len(rows):6.1%}  ({(without - total) / len(rows):+.1%})")
    print(f"  WordNet: synonyms only   {right(rows, Options(hops=0)).total() / len(rows):6.1%}")
    if embeddings.is_installed():
        for cut in (0.65, 0.75, 0.85):
            with_them = right(rows, Options(embeddings=True, cut=cut)).total()
            print(f"  embeddings, cut {cut:.2f}     {with_them / len(rows):6.1%}")
    else:
        print("  embeddings               not installed")
    kinds = Counter(row["kind"] for row in rows)
    for kind, count in sorted(kinds.items()):
        print(f"    {kind:<16} {everything[kind]:3d} of {count:3d}")


def slipped(text: str, draw: random.Random) -> str:
    """Mistype a text: swap, drop or double a letter."""
    place = draw.randrange(max(1, len(text) - 1))
    kind = draw.choice(("swap", "drop", "double"))
    if kind == "swap":
        return text[:place] + text[place : place + 2][::-1] + text[place + 2 :]
    return text[:place] + (text[place] * 2 if kind == "double" else "") + text[place + 1 :]


def simulated_run(n_pictures: int, layers: int, maps: int) -> Run:
    """Make explanations of small random maps."""
    draw = np.random.default_rng(0)
    explanations = []
    for picture in range(n_pictures):
        columns = []
        for depth in range(layers):
            shown = tuple(
                ClusterMap.from_raw(
                    draw.random((14, 14)),
                    id=f"{picture:06x}{depth:04x}{place:06x}",
                    cluster=place,
                    channels=np.arange(8) + 8 * place,
                    channel_weights=np.full(8, 2.0),
                    channel_thumbnails=np.zeros((8, 14, 14)),
                )
                for place in range(maps)
            )
            rest = Rest(10.0, 0.0, 4, 0, np.zeros((14, 14)))
            columns.append(Column(f"layer{depth}", depth, 1, depth + 1, 64, (14, 14), 1.0, rest, cluster_maps=shown))
        explanations.append(
            Explanation(
                np.zeros((32, 32, 3), np.uint8), f"picture {picture}", f"p{picture}", "net", "n", (0, 0, 32, 32), 0,
                CLASSES[picture % len(CLASSES)], 0.9, Prediction(0, "x", 0.9), tuple(columns),
            )
        )  # fmt: skip
    return Run(explanations)


def simulated_rounds(run: Run, n_rounds: int) -> pd.DataFrame:
    """Make rounds of simulated players: words and phrases of the glossary's things, a tenth of them mistyped."""
    draw = random.Random(0)
    places = [(shown.id, explanation.target_name) for explanation in run for _, shown in explanation.cluster_maps()]
    things = sorted(glossary().items())
    rows = []
    for number in range(n_rounds):
        cluster_map, truth = places[number % len(places)]
        language = draw.choice(("en", "it"))
        typed = []
        for _ in range(draw.choice((1, 1, 2))):
            words = [draw.choice(things)[language == "en"] for _ in range(draw.choice((1, 1, 1, 2)))]
            text = " ".join(words)
            typed.append(slipped(text, draw) if draw.random() < 0.1 else text)
        rows.append({
            "cluster_map": cluster_map, "player": f"simulated {number % 210}", "player_id": f"s{number % 210}",
            "status": "answered", "step": draw.randrange(6), "share": 8.0, "truth": truth,
            "outcome": draw.choice(("won", "lost", "resigned")), "labels": typed, "language": language,
            "gold": False, "withdrawn": False, "times_seen": 0,
        })  # fmt: skip
    return pd.DataFrame(rows)


def print_time(n_rounds: int) -> None:
    """Print how long the analysis of many rounds takes."""
    run = simulated_run(50, 9, 4)
    frame = simulated_rounds(run, n_rounds)
    texts = {text for labels in frame["labels"] for text in labels}
    print(f"{n_rounds} simulated rounds, {len(texts)} different texts, {len(run)} pictures")
    for name, given in (("without embeddings", False), ("with embeddings", True)):
        if given and not embeddings.is_installed():
            print(f"  {name:<20} not installed")
            continue
        start = time.perf_counter()
        labelled = label(run, frame, embeddings=given)
        analysed = time.perf_counter() - start
        n_maps = sum(len(list(explanation.cluster_maps())) for explanation in labelled)
        whole = time.perf_counter() - start
        start = time.perf_counter()
        (alpha,) = labelled.agreement()["alpha"]
        agreed = time.perf_counter() - start
        print(
            f"  {name:<20} {whole:5.2f} s (words {analysed:.2f} s): {len(labelled.counts)} labels, "
            f"{50 * 9 * 4} -> {n_maps} cluster maps; "
            f"agreement with 1000 draws {agreed:.2f} s (alpha {alpha:.2f}, of random words)"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10_000)
    parser.add_argument("--half", default="held-out", choices=("held-out", "tune"))
    given = parser.parse_args()
    print_time(given.rounds)  # first: dictionaries are still to be read
    print_accuracy(given.half)
