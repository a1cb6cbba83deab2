"""How good our solver's embeddings and clusters are, beside scikit-learn's: what ``Recipe()`` may cost in quality.

For each chosen layer of each picture: the KL divergence of our embedding over that of scikit-learn's exact t-SNE from
the same start at the same perplexity, measured against one set of affinities; our best mean silhouette less that of
``Recipe.published()``; the adjusted Rand agreement of our clusters with the published solver's, beside that of two
seeds of scikit-learn with each other, from its own starts.

    python tests/bench/analysis_quality.py [--every 1] [--layers all]
"""

from __future__ import annotations

import argparse
import statistics

import numpy as np
import torch
from sklearn.manifold import TSNE
from sklearn.metrics import adjusted_rand_score

import inv_widgets as inv
from inv_widgets.analysis.activations import capture
from inv_widgets.analysis.clustering import cluster_points
from inv_widgets.analysis.columns import per_cent
from inv_widgets.analysis.embedding import affinities, embed, flat_maps, kl_divergence, pca, tsne
from inv_widgets.analysis.importance import guided

OURS, PUBLISHED = inv.Recipe(), inv.Recipe.published()
FEWEST = 12  # below, all t-SNE is arbitrary: perplexity under 4


def kept_rows(net, picture, layers):
    """The min-maxed maps that pruning keeps, a layer at a time."""
    captured = capture(net, picture, None, layers)
    for maps, gradients in zip(captured.maps, captured.gradients, strict=True):
        share, _ = per_cent(guided(maps, gradients)[0].double().numpy())
        kept = share >= OURS.prune_below * 100 / len(share)
        if kept.sum() >= FEWEST:
            yield flat_maps(maps[0].numpy()[kept])


def sklearn_clusters(scores, perplexity, rate, start, seed):
    solver = TSNE(2, perplexity=perplexity, learning_rate=rate, init=start, random_state=seed)
    return cluster_points(solver.fit_transform(scores.astype(np.float32)), PUBLISHED)


def compare(rows):
    scores = pca(rows, OURS)
    n = len(rows)
    perplexity, rate = min(OURS.perplexity, (n - 1) / 3), max(n / OURS.tsne_learning_rate_divisor, 50.0)
    goal = affinities(scores, perplexity)
    ours, theirs = tsne(scores, OURS), embed(rows, PUBLISHED)
    exact = TSNE(2, perplexity=perplexity, learning_rate=rate, init="pca", method="exact", random_state=0)
    one, two = cluster_points(ours, OURS), cluster_points(theirs, PUBLISHED)
    seeds = {
        start: [sklearn_clusters(scores, perplexity, rate, start, seed) for seed in (1, 2)]
        for start in ("pca", "random")
    }
    row = {
        "KL ratio": kl_divergence(goal, ours) / kl_divergence(goal, exact.fit_transform(scores.astype(np.float32))),
        "silhouette difference": max(one.silhouettes.values()) - max(two.silhouettes.values()),
        "Rand, ours and published": adjusted_rand_score(one.labels, two.labels),
    }
    for start, (first, second) in seeds.items():
        row[f"Rand, two seeds of sklearn ({start} start)"] = adjusted_rand_score(first.labels, second.labels)
        row[f"Rand, ours and sklearn ({start} start)"] = statistics.mean(
            adjusted_rand_score(one.labels, found.labels) for found in (first, second)
        )
    return row


def table(title, rows):
    print(f"\n{title}: {len(rows)} layers of pictures")
    print(f"  {'':44s} {'median':>8s} {'mean':>8s} {'worst 5 %':>10s}")
    for name in rows[0]:
        values = np.array([row[name] for row in rows])
        worst = np.quantile(values, 0.95 if name == "KL ratio" else 0.05)
        print(f"  {name:44s} {np.median(values):8.3f} {values.mean():8.3f} {worst:10.3f}")


def tables(every, layers):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    whole = []
    for name, chosen in (("fashion", "all"), ("photos", layers)):
        try:
            net = inv.Classifier.demo(name)
        except ImportError as error:
            print(f"The {name} are left out: {error}")
            continue
        pictures = getattr(inv.datasets, name)()[::every]
        rows = [compare(kept) for picture in pictures for kept in kept_rows(net, picture, chosen)]
        table(f"{name}, {chosen}", rows)
        whole += rows
    table("together", whole)
    torch.set_num_threads(threads)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--every", type=int, default=1, help="take every n-th picture")
    arguments.add_argument("--layers", default="blocks", help="which layers of the photos' network")
    tables(**vars(arguments.parse_args()))


if __name__ == "__main__":
    main()
