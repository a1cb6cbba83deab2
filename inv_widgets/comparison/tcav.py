"""TCAV: whether the network uses what people saw."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm.auto import tqdm

from inv_widgets.analysis.layers import layers as layers_of
from inv_widgets.analysis.pipeline import require
from inv_widgets.analysis.selection import select
from inv_widgets.comparison.concepts import (
    concept_vector,
    random_vectors,
    tcav_score,
    tcav_scores,
    vectors_of_parts,
)
from inv_widgets.comparison.counterparts import Pool, parts_of
from inv_widgets.comparison.reading import Inputs, features_of, read
from inv_widgets.comparison.significance import t_test
from inv_widgets.comparison.tcav_result import TcavResult, TcavRow, corrected
from inv_widgets.errors import kind_of
from inv_widgets.recipe import Recipe
from inv_widgets.run import as_run
from inv_widgets.summary.names import chosen
from inv_widgets.summary.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from inv_widgets.classifier import Classifier
    from inv_widgets.comparison.reading import Material
    from inv_widgets.comparison.regions import Region
    from inv_widgets.run import Run

__all__ = ["tcav"]

MIN_EXAMPLES = Recipe().tcav_examples
MIN_RANDOM = Recipe().tcav_random_sets


def tcav(  # noqa: PLR0913 (each may be left out)
    net: Classifier,
    summary: Summary,
    label: str | Iterable[str] | None,
    *,
    layer: Any = None,
    target: str | Iterable[str] | None = None,
    n_random: int = MIN_RANDOM,
    share: float | None = None,
    seed: int = 0,
    run: Run | None = None,
) -> TcavResult:
    """Test whether a class's score depends on what a label means, by a concept vector learnt from labelled regions.

    Examples of the concept are the regions that carry the label: what people had seen of a picture, on average, when
    they said it, the rest hidden behind grey. Each has a random counterpart in each comparison: another region of equal
    area and shape, masked the same way, on a picture of the same class, where another cluster map points that does not
    carry the label. Otherwise the vector would learn "is masked", or what all cluster maps have in common.

    The TCAV score is the share of the class's pictures whose class score grows along the vector. For the t-test the
    examples are divided into as many parts as there are random sets (no picture is in two parts), and the scores of
    each part against a random set of its own are compared with those of random sets against each other. Testing all
    examples against one random set after the other, as is often done, finds far more than it should: these scores share
    the chance that lies in the examples themselves.

    A label with fewer than 10 examples is reported as untestable, with the reason. The network is left as it was found.

    Parameters
    ----------
    net
        The network that was explained.
    summary
        What :func:`inv_widgets.summarize` returned. All its regions that carry the label are examples, whatever their
        class; ``summary.filter(target=...)`` leaves some classes out.
    label
        A label's name, or several; None: all.
    layer
        Where the vector is learnt: a name as in ``inv_widgets.layers(net)``, several, a pattern, ``"last 9"``... None:
        the deepest of the summary's layers.
    target
        The class whose score is asked about, or several: names of the summary's. None: the classes that have the label.
    n_random
        Random sets, at least 10. More give a test that finds more, if the examples are in as many pictures.
    share
        How much of a picture a region is, in per cent of its pixels. None: for each cluster map the mean share that
        people had seen of it.
    seed
        Of the random sets and parts. The result for one label does not depend on which others are tested, but for
        `p_holm`.
    run
        The labelled run; by default the one that was summarized.

    Returns
    -------
    TcavResult
        A row for each label, class and layer; the p-values are corrected for all of them (Holm).

    Raises
    ------
    UnknownNameError
        For a label, class or layer that is not there, with the closest names.
    TypeError, ValueError
        For other kinds of arguments, fewer than 10 random sets, and explanations of another network.

    References
    ----------
    Kim et al., "Interpretability Beyond Feature Attribution: Quantitative Testing with Concept Activation Vectors
    (TCAV)", ICML 2018.
    """
    require(net, Recipe())
    _check(summary, n_random, share, seed)
    labels = chosen("label", label, summary.labels)
    asked = {name: _targets(summary, name, target) for name in labels}
    if not labels:
        return TcavResult((), n_random, seed, share)
    run = as_run(summary.run if run is None else run)  # type: ignore[arg-type]
    layers = select(layers_of(net, run[0].picture), summary.layers[-1].name if layer is None else layer)
    inputs = Inputs(net, run)
    wanted = {name for names in asked.values() for name in names}
    material = read(net, run, inputs, layers, set(summary.targets), wanted, share)
    test = _Test(net, inputs, material, Pool(material.regions), n_random, seed)
    rows: list[TcavRow] = []
    for name in tqdm(labels, desc="TCAV", unit="label", delay=2, leave=False):
        rows += test.rows(name, asked[name])
    return TcavResult(corrected(rows), n_random, seed, share)


@dataclass(frozen=True, eq=False)
class _Vectors:
    """Concept vectors of a label at a layer: of all examples, of their parts, of random sets."""

    whole: NDArray[np.float64]
    parts: list[NDArray[np.float64]]
    random: list[NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class _Test:
    net: Classifier
    inputs: Inputs
    material: Material
    pool: Pool
    n_random: int
    seed: int

    def rows(self, label: str, targets: tuple[str, ...]) -> list[TcavRow]:
        examples = sorted((each for each in self.material.regions if label in each.labels), key=lambda each: each.id)
        pictures = {each.picture for each in examples}
        reason = _untestable(len(examples), len(pictures))
        vectors = [None] * len(self.material.layers) if reason else self._vectors(label, examples)
        rows = []
        for target in targets:
            for place, layer in enumerate(self.material.layers):
                row = TcavRow(
                    label,
                    target,
                    layer.name,
                    n_examples=len(examples),
                    n_pictures=len(pictures),
                    n_parts=0 if reason else min(self.n_random, len(pictures)),
                    n_random=self.n_random,
                    n_class_pictures=len(self.material.gradients[target]),
                    reason=reason,
                )
                rows.append(row if reason else self._tested(row, place, vectors[place]))
        return rows

    def _vectors(self, label: str, examples: list[Region]) -> list[_Vectors | None]:
        """Learn vectors at each layer; None where nothing changes, whatever region is shown."""
        generator = np.random.default_rng([self.seed, *label.encode()])
        parts = parts_of([each.picture for each in examples], self.n_random, generator)
        # A random set has the structure of the part that it is compared with.
        like = [parts[number % len(parts)] for number in range(self.n_random)]
        masked = [[self.pool.own(examples[number]) for number in part] for part in parts]
        masked += [self.pool.counterparts([examples[number] for number in part], label, generator) for part in like]
        every = [each for group in masked for each in group]
        ends = np.cumsum([len(group) for group in masked])[:-1]
        found: list[_Vectors | None] = []
        for features in features_of(self.net, self.inputs, every, self.material.layers):
            groups = np.split(features, ends)
            of_parts, sets = groups[: len(parts)], groups[len(parts) :]
            whole = concept_vector(np.concatenate(of_parts), np.concatenate(sets[: len(parts)]))
            differ = np.ptp(features, axis=0).any()
            found.append(_Vectors(whole, vectors_of_parts(of_parts, sets), random_vectors(sets)) if differ else None)
        return found

    def _tested(self, row: TcavRow, place: int, vectors: _Vectors | None) -> TcavRow:
        if vectors is None:
            return replace(row, reason=f"The maps of {row.layer!r} are the same whatever region is shown.")
        gradients = self.material.of_class(row.target_name, place)
        if not gradients.any():
            because = self.material.reasons[row.target_name][place]
            return replace(row, reason=because or "The gradient of the class score is 0 here, in all pictures.")
        of_parts, by_chance = tcav_scores(gradients, vectors.parts), tcav_scores(gradients, vectors.random)
        t, p = t_test(of_parts, by_chance)
        low, high = np.quantile(by_chance, (0.025, 0.975)).tolist()
        return replace(
            row,
            score=tcav_score(gradients, vectors.whole),
            score_parts=float(of_parts.mean()),
            score_random=float(by_chance.mean()),
            score_random_low=low,
            score_random_high=high,
            t=t,
            p=p,
            testable=True,
        )


def _untestable(n_examples: int, n_pictures: int) -> str:
    if n_examples < MIN_EXAMPLES:
        return f"Only {n_examples} regions carry this label: a concept vector needs at least {MIN_EXAMPLES} examples."
    if n_pictures < 2:
        return "All examples are in one picture: nothing tells the label from what else is in it."
    return ""


def _targets(summary: Summary, label: str, target: str | Iterable[str] | None) -> tuple[str, ...]:
    if target is not None:
        return chosen("class", target, summary.targets)
    having = {row.target_name for row in summary.rows if row.label == label}
    return tuple(name for name in summary.targets if name in having)


def _check(summary: Any, n_random: Any, share: Any, seed: Any) -> None:
    if not isinstance(summary, Summary):
        raise TypeError(f"[inv-widgets] The summary is {kind_of(summary)}: give what inv.summarize(labelled) returned.")
    if isinstance(n_random, bool) or not isinstance(n_random, int) or n_random < MIN_RANDOM:
        raise ValueError(
            f"[inv-widgets] n_random={n_random!r:.80} is not possible: a t-test needs at least {MIN_RANDOM} random "
            "sets; give an int."
        )
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValueError(f"[inv-widgets] seed={seed!r:.80} is not possible: give an int of at least 0.")
    if share is None:
        return
    if isinstance(share, bool) or not isinstance(share, int | float) or not (math.isfinite(share) and 0 < share <= 100):
        raise ValueError(
            f"[inv-widgets] share={share!r:.80} is not possible: give per cent of a picture's pixels, above 0 and up "
            "to 100, or None."
        )
