"""A comparison as Altair charts: each method's mean with its interval, and the single pictures behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from inv_widgets.comparison.comparison_frames import measures, summarized, tidy, unit_of
from inv_widgets.comparison.metrics.registry import METRICS
from inv_widgets.errors import UnknownNameError

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

    from inv_widgets.comparison.comparison_result import ComparisonResult

__all__ = ["figure", "figures"]

_COSTS = {
    "seconds": "Run time", "forwards": "Forward passes", "backwards": "Backward passes", "peak_memory": "Peak memory",
}  # fmt: skip


def figure(result: ComparisonResult, measure: str) -> alt.LayerChart:
    """Draw one measure: a row a method, best first; a dot a picture, a mean with its 95 % interval."""
    known = measures(result)
    if measure not in known:
        raise UnknownNameError(
            f"[inv-widgets] {measure!r} was not measured here, or is undefined for all. There are {', '.join(known)}."
        )
    every = tidy(result)
    means = summarized(result, level=95.0, draws=2000, seed=0)
    return _figure(result, measure, every[every["measure"] == measure], means[means["measure"] == measure])


def figures(result: ComparisonResult) -> alt.ConcatChart:
    """Draw all measures, two beside each other."""
    import altair as alt

    every, means = tidy(result), summarized(result, level=95.0, draws=2000, seed=0)
    charts = [
        _figure(result, name, every[every["measure"] == name], means[means["measure"] == name])
        for name in measures(result)
    ]
    return cast("alt.ConcatChart", alt.concat(*charts, columns=2).resolve_scale(y="independent"))


def _figure(result: ComparisonResult, measure: str, every: pd.DataFrame, means: pd.DataFrame) -> alt.LayerChart:
    import altair as alt

    titles = {method.key: method.label for method in result.methods}
    every = every.assign(title=every["method"].map(titles)).dropna(subset=["value"])
    means = means.assign(title=means["method"].map(titles)).dropna(subset=["mean"])
    better = METRICS[measure].better if measure in METRICS else "lower"
    title = METRICS[measure].title if measure in METRICS else _COSTS[measure]
    order = list(means.sort_values("mean", ascending=better == "lower", kind="stable")["title"])
    unit = unit_of(measure)
    says = ", ".join(part for part in (unit, better and f"{better} is better") if part)
    # Costs differ by orders of magnitude.
    scale = alt.Scale(type="log") if measure == "seconds" else alt.Scale(zero=True)
    y = alt.Y("title:N", sort=order, title=None, axis=alt.Axis(labelLimit=200, ticks=False, domain=False))
    base = alt.Chart(means)
    dots = (
        alt.Chart(every)
        .mark_tick(thickness=1.5, size=14, opacity=0.5, color="#999")
        .encode(
            x=alt.X("value:Q", title=None, scale=scale), y=y,
            tooltip=["picture:N", alt.Tooltip("title:N", title="method"), alt.Tooltip("value:Q", format=".4g")],
        )
    )  # fmt: skip
    interval = base.mark_rule(strokeWidth=1.5, color="#4c78a8").encode(x="low:Q", x2="high:Q", y=y)
    mean = base.mark_point(filled=True, size=60, opacity=1).encode(
        x="mean:Q", y=y,
        tooltip=[
            alt.Tooltip("title:N", title="method"), alt.Tooltip("mean:Q", format=".4g"),
            alt.Tooltip("low:Q", format=".4g", title="95 % from"), alt.Tooltip("high:Q", format=".4g", title="to"),
            alt.Tooltip("n:Q", title="pictures"), alt.Tooltip("n_undefined:Q", title="undefined"),
        ],
    )  # fmt: skip
    layers = cast("alt.LayerChart", alt.layer(dots, interval, mean))
    heading = alt.TitleParams(title.removesuffix(" %"), subtitle=says, anchor="start")
    return layers.properties(width=320, height=alt.Step(22), title=heading)
