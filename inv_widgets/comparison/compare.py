"""Several methods on the same pictures: maps, metrics and honest costs, in one result that can be resumed."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from tqdm.auto import tqdm

from inv_widgets.analysis.picture_lists import entries
from inv_widgets.analysis.pipeline import require
from inv_widgets.comparison.comparison_inputs import masks_of, metrics_of, uses_of
from inv_widgets.comparison.comparison_job import Job, Rerun
from inv_widgets.comparison.comparison_parts import Parts
from inv_widgets.comparison.comparison_result import ComparedMap, ComparedPicture, ComparisonResult
from inv_widgets.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from inv_widgets.classifier import Classifier
    from inv_widgets.comparison.comparison_job import OnError
    from inv_widgets.comparison.saliency import Preset

__all__ = ["compare"]

DEFAULT_METHODS = ("inv", "grad_cam", "lime", "shap", "sise")
"""INV and what people compare it with: the three of the INV study (arXiv 2405.03301) and SISE."""


def compare(  # noqa: PLR0913 (the public face, all by keyword)
    net: Classifier,
    pictures: Any,
    methods: Any = DEFAULT_METHODS,
    masks: Any = None,
    *,
    target: Any = None,
    metrics: Iterable[str] | None = None,
    preset: Preset = "default",
    out: str | Path | None = None,
    resume: bool = True,
    keep_maps: bool = True,
    memory: bool = False,
    batch_size: int | None = None,
    on_error: OnError = "report",
) -> ComparisonResult:
    """Explain pictures by several methods, measure the maps and what they cost.

    Pictures are explained one at a time, so that run times are a single picture's. The first run of a quick method on a
    network is not timed: it loads and compiles code.

    Parameters
    ----------
    net
        The network; it is left as it was found.
    pictures
        Pictures in any form that :func:`inv_widgets.saliency` takes, a dict from name to picture, a folder, a glob
        pattern, or samples of ``inv.datasets``.
    methods
        Names of :func:`inv_widgets.methods`, ``(name, {parameter: value})`` pairs, or a dict from what to call it to
        such a pair; ``"all"``: all that make maps.
    masks
        The ground truth, for the metrics that ask for one: bool arrays (H, W) of the pictures' sizes, a list with one a
        picture (None where there is none) or a dict by picture name. Samples with masks bring theirs along.
    target
        One for all (a group is a tuple), a list with one a picture, or a dict by picture name; None: the most probable
        class of each.
    metrics
        Names of ``inv.metrics``; None: those that need a mask where there are masks, Drop, Increase and sparseness.
        ``"all"``: insertion, deletion and sensitivity-n too, which take many passes.
    preset
        ``"default"`` or ``"paper"``, for all methods.
    out
        ``NAME.parquet``. Each map is written as soon as it is made (to ``NAME.parts``), the two files at the end.
    resume
        Go on with what `out` holds, finished or interrupted. False replaces it.
    keep_maps
        Keep the maps, or their numbers only.
    memory
        Measure the peak memory too, in a second run of each method.
    batch_size
        How many changed pictures go through the network at once.
    on_error
        ``"report"``: what fails stands in the result with the reason, and a warning says so. ``"raise"``: it ends the
        run; what was made stays in `out`.

    Returns
    -------
    ComparisonResult
        In the order of the pictures and methods.

    Raises
    ------
    FileNotFoundError, KeyError, IndexError, TypeError, ValueError
        For what is no network, picture, method, metric, mask or target.
    KeyboardInterrupt
        On Ctrl-C; with `out` the same call goes on from there.
    """
    require(net, Recipe())
    if on_error not in {"report", "raise"}:
        raise ValueError(f'[inv-widgets] on_error={on_error!r} is not possible: give "report" or "raise".')
    uses = uses_of(methods, preset)
    listed = [(entry.name, entry.picture, entry.target) for entry in entries(pictures, target)[0]]
    grounds = masks_of(masks, listed)
    wanted = metrics_of(metrics, any(mask is not None for mask in grounds) or masks is not None)
    job = Job(net, uses, wanted, keep_maps, memory, batch_size, on_error)
    about = {"network_hash": net.hash, "metrics": list(wanted), "keep_maps": keep_maps, "memory": memory}
    parts = Parts(out, about, resume=resume)
    found: list[tuple[ComparedPicture, tuple[ComparedMap, ...]]] = []
    with tqdm(desc="Comparing", total=len(listed) * len(uses), unit="map", smoothing=0) as bar:
        for (name, picture, own_target), mask in zip(listed, grounds, strict=True):
            found.append(job.on(name, picture, own_target, mask, parts, bar))
    result = ComparisonResult(
        network=net.name,
        network_hash=net.hash,
        methods=tuple(use.described for use in uses),
        pictures=tuple(picture for picture, _ in found),
        maps=tuple(maps for _, maps in found),
        metrics=wanted,
        rerun=Rerun(net, uses, wanted, batch_size),
    )
    _warn(result)
    parts.finish(result)
    return result


def _warn(result: ComparisonResult) -> None:
    failed = [(picture, method, found) for picture, method, found in result.rows() if found.error]
    if failed:
        picture, method, found = failed[0]
        warnings.warn(
            f"[inv-widgets] {len(failed)} of {len(result.pictures) * len(result.methods)} maps could not be made; the "
            f"first: {method.key} on {picture.name}: {found.error.removeprefix('[inv-widgets] ')}",
            RuntimeWarning,
            stacklevel=3,
        )
