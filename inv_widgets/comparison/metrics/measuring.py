"""One way to measure with any metric."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from inv_widgets.comparison.metrics.inputs import read_maps
from inv_widgets.comparison.metrics.registry import METRICS
from inv_widgets.errors import UnknownNameError

if TYPE_CHECKING:
    from inv_widgets.comparison.metrics.results import Measured

__all__ = ["measured"]


def measured(  # noqa: PLR0913 (all that any of them needs)
    name: str,
    maps: Any,
    *,
    masks: Any = None,
    net: Any = None,
    pictures: Any = None,
    target: Any = None,
    targets: Any = None,
    valid: Any = None,
    batch_size: int | None = None,
    **parameters: Any,
) -> Measured:
    """Measure maps with any metric: numbers and reasons, and no warning.

    Each metric takes what it needs of what is given.

    Parameters
    ----------
    name
        One of ``inv.metrics.METRICS``.
    maps, masks, net, pictures, target, targets, valid, batch_size
        As the metric's own function takes them. Without `valid`, the metrics that do not ask the network take its
        window where `net` and `pictures` are given.
    parameters
        The metric's own, such as ``share=20``.

    Returns
    -------
    Measured
        ``values`` (float64, shape (N,), NaN where undefined) and ``reasons`` (N texts, "" where defined).

    Raises
    ------
    KeyError
        For an unknown metric.
    TypeError, ValueError
        Where something that the metric needs is missing, and as the metric's own function.
    """
    if name not in METRICS:
        near = difflib.get_close_matches(str(name), METRICS, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise UnknownNameError(f"[inv-widgets] There is no metric {name!r}: give one of {', '.join(METRICS)}.{hint}")
    metric = METRICS[name]
    if metric.needs == "network":
        if net is None or pictures is None:
            raise TypeError(f"[inv-widgets] {name} asks the network: give net= and pictures=.")
        from inv_widgets.comparison.metrics.cases import read_shown

        shown = read_shown(net, pictures, maps, target=target, targets=targets, batch_size=batch_size)
        return metric.measure(shown, **parameters)
    if valid is None and net is not None and pictures is not None:
        from inv_widgets.comparison.metrics.cases import read_shown

        given = read_shown(net, pictures, maps).given
    else:
        given = read_maps(maps, valid)
    if metric.needs == "maps":
        return metric.measure(given, **parameters)
    if masks is None:
        raise TypeError(f"[inv-widgets] {name} compares with a ground truth: give masks=.")
    return metric.measure(given, masks, **parameters)
