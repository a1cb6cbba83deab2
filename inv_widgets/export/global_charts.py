"""Global explanations as Altair charts: bars of labels, trends over depth, a table of labels and layers.

Each is drawn from one list of rows, data that have a name: the GlobalChart exchanges them without drawing anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import altair as alt

from inv_widgets.export.words import Words, words_in

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["IS_PICKED", "PICKED", "VIEWS", "WORDS", "Rows", "View", "global_chart"]

View = Literal["labels", "trends", "layers"]
VIEWS: tuple[View, ...] = ("labels", "trends", "layers")
"""The three charts; each is the name of its data too."""

Rows = list[dict[str, Any]]

PICKED = "picked"
"""The param that holds the picked labels. A plain one: what a selection holds cannot be set from outside."""

WORDS = "words"
"""The param that says what groups, layers and directions are called on screen, where it is not their name."""

IS_PICKED = f"indexof({PICKED}, datum.label) >= 0"
"""Whether a mark's label is picked, as an expression of Vega."""

# Rows of somebody's own chart may not say what is brushed, or which group stands out.
_IN_RANGE = "datum.in_range !== false"
_IN_GROUP = "datum.in_group !== false"
_IN_FOCUS = f"(length({PICKED}) == 0 || {IS_PICKED})"
# Not "||": objects have more than their own names, such as "constructor".
_CALLED = f"(isString({WORDS}[datum.label]) ? {WORDS}[datum.label] : datum.label)"
_STEP = 34  # pixels of a row
_IMAGE = 28


def global_chart(view: View, rows: Rows, language: str = "en") -> Any:
    """Draw one of the three charts.

    Parameters
    ----------
    view
        ``"labels"``: bars by global score, coloured by mean weight, a facet a group of layers; ``"trends"``: a small
        line chart for each label that rises or falls with depth; ``"layers"``: a heat table, labels by layers.
    rows
        As :func:`inv_widgets.export.global_rows.global_rows` gives them.
    language
        Of titles and legends.

    Returns
    -------
    altair.FacetChart or altair.LayerChart
        With the param ``picked``, a list of labels: these stand out, the others step back; so does what lies outside of
        the brushed layers (rows whose ``in_range`` is false) or of the group that was chosen (``in_group``).
    """
    charts: dict[str, Callable[[Any, Words], Any]] = {"labels": _labels, "trends": _trends, "layers": _layers}
    # Data with a name of their own are left alone by Altair when it gathers data sets.
    words = words_in(language)
    names = {str(row[field]) for row in rows for field in ("group", "layer", "direction") if field in row}
    called = {name: words.called(name) for name in sorted(names)}
    params = alt.param(name=PICKED, value=[]), alt.param(name=WORDS, value=_other(called))
    return charts[view](alt.InlineData(values=rows, name=view), words).add_params(*params)


def _other(called: dict[str, str]) -> dict[str, str]:
    return {name: word for name, word in called.items() if name != word}


def _focus(strong: float = 1.0, faint: float = 0.25, *, of: str = f"{_IN_FOCUS} && {_IN_RANGE} && {_IN_GROUP}") -> Any:
    return alt.condition(of, alt.value(strong), alt.value(faint))


def _colours(field: str, title: str) -> Any:
    # Neither end of the colours is lost on white or on black.
    return alt.Color(
        field,
        title=title,
        scale=alt.Scale(scheme=alt.SchemeParams("viridis", extent=[0.2, 0.92])),
        legend=alt.Legend(
            orient="top",
            direction="horizontal",
            gradientLength=160,
            gradientThickness=8,
            format=".3~g",
            titleLimit=320,
        ),
    )


def _label_axis(**options: Any) -> Any:
    weight = alt.condition(f"indexof({PICKED}, datum.value) >= 0", alt.value("bold"), alt.value("normal"))
    return alt.Axis(ticks=False, domain=False, labelFontWeight=weight, **options)


def _tips(words: Words, **fields: str) -> list[Any]:
    """Fields of a tooltip; each title is a word of the charts."""
    return [alt.Tooltip(field, title=words(f"chart.vega.{word}")) for word, field in fields.items()]


def _labels(data: Any, words: Words) -> Any:
    base = alt.Chart(data).encode(
        y=alt.Y(
            "label:N",
            title=None,
            sort=alt.EncodingSortField("rank", op="min", order="ascending"),
            axis=_label_axis(labelPadding=_IMAGE + 10, labelLimit=130),
        ),
        tooltip=_tips(
            words, label="label:N", score="score_text:N", weight="weight_text:N", pictures="pictures:Q",
            maps="maps:Q", players="players:Q", rounds="rounds:Q", support="support:N", tcav="mark_text:N",
        ),
    )  # fmt: skip
    # Over all layers together weights have no meaning: grey. Low support: pale, with a dashed outline.
    bars = base.mark_bar(cornerRadiusEnd=2, height=16, cursor="pointer", strokeWidth=1, invalid=None).encode(
        x=alt.X("score:Q", title=words("chart.vega.score"), stack=None, axis=alt.Axis(tickCount=3, grid=True)),
        color=alt.condition(
            "!isValid(datum.weight)", alt.value("#98a1ab"), _colours("weight:Q", words("chart.vega.weight_percent"))
        ),
        stroke=alt.condition("datum.low", alt.value("#888f98"), alt.value("transparent")),
        strokeDash=alt.condition("datum.low", alt.value([3, 2]), alt.value([1, 0])),
        fillOpacity=alt.condition("datum.low", alt.value(0.3), alt.value(1)),
        opacity=_focus(),
    )
    interval = base.mark_rule(strokeWidth=1, cursor="pointer", clip=True).encode(
        x=alt.X("from:Q"), x2="to:Q", opacity=_focus(0.55, 0.15)
    )
    pictures = base.mark_image(width=_IMAGE, height=_IMAGE, cursor="pointer").encode(
        x=alt.value(-_IMAGE / 2 - 5), url="image:N", opacity=_focus()
    )
    # What a TCAV test says, before the number; there is room for it only where there was one.
    room = alt.expr("datum.mark ? 20 : 5")
    numbers = base.mark_text(align="left", dx=room, fontSize=11, cursor="pointer").encode(
        x="end:Q", text="text:N", opacity=_focus(0.9, 0.3)
    )
    tested = base.mark_text(align="left", dx=5, fontSize=13, fontWeight="bold", cursor="pointer").encode(
        x="end:Q",
        text="mark:N",
        color=alt.ColorValue(
            _VERDICTS["none"],
            condition=[{"test": f"datum.verdict === '{name}'", "value": colour} for name, colour in _VERDICTS.items()],
        ),
        opacity=_focus(1, 0.3),
    )
    return (
        alt.layer(bars, interval, pictures, numbers, tested, data=data)
        .properties(height=alt.Step(_STEP), width=220)
        .facet(
            facet=alt.Facet(
                "group:N",
                title=None,
                sort=alt.EncodingSortField("group_order", op="min"),
                header=alt.Header(labelFontSize=13, labelFontWeight="bold", labelAnchor="start", labelExpr=_CALLED),
            ),
            columns=2,
            spacing={"row": 16, "column": 24},
        )
        .resolve_scale(y="independent", x="shared")
        .resolve_axis(x="independent")
    )


def _trends(data: Any, words: Words) -> Any:
    base = alt.Chart(data).encode(
        x=alt.X("layer:O", title=None, sort=alt.EncodingSortField("depth", op="min"), axis=_BLOCK_AXIS),
        tooltip=_tips(
            words, label="label:N", layer="layer_text:N", mean_score="score_text:N", slope="slope_text:N",
            pictures="pictures:Q", rounds="rounds:Q", support="support:N",
        ),
    )  # fmt: skip
    direction = alt.Color(
        "direction:N",
        title=None,
        scale=alt.Scale(domain=["rises", "falls"], range=["#1f77b4", "#d9782d"]),
        legend=alt.Legend(orient="top", symbolType="stroke", symbolOpacity=1, symbolStrokeWidth=3, labelExpr=_CALLED),
    )
    score = alt.Y(
        "score:Q", title=words("chart.vega.mean_score"), axis=alt.Axis(tickCount=3), scale=alt.Scale(domainMin=0)
    )
    # A line is one mark: it is not faint in parts.
    area, line = (
        mark(cursor="pointer").encode(y=score, color=direction, opacity=_focus(strong, faint, of=_IN_FOCUS))
        for mark, strong, faint in ((base.mark_area, 0.18, 0.06), (base.mark_line, 1, 0.25))
    )
    points = base.mark_point(filled=True, size=36, cursor="pointer").encode(y=score, color=direction, opacity=_focus())
    fit = base.mark_line(strokeWidth=1, strokeDash=[4, 3], clip=True, color="#888").encode(
        y="line:Q", opacity=_focus(0.9, 0.3, of=_IN_FOCUS), tooltip=alt.value(None)
    )
    # Each layer's own place, from top to bottom: where one points, and what is brushed.
    places = base.mark_rect(color="#808890", cursor="pointer", aria=False).encode(
        opacity=alt.condition(f"{_IN_RANGE} && datum.brushed === true", alt.value(0.16), alt.value(0)),
    )
    notes = base.mark_text(align="right", baseline="bottom", dy=-4, fontSize=11).encode(
        x=alt.value("width"), y=alt.value(0), text="note:N"
    )
    return (
        alt.layer(area, fit, line, points, notes, places, data=data)
        .properties(width=150, height=96)
        .facet(
            facet=alt.Facet(
                "label:N",
                title=None,
                sort=alt.EncodingSortField("place", op="min"),
                header=alt.Header(labelFontSize=12, labelFontWeight="bold", labelAnchor="start", labelLimit=150),
            ),
            columns=6,
            spacing={"row": 20, "column": 24},
        )
        .resolve_axis(x="independent")
    )


def _layers(data: Any, words: Words) -> Any:
    base = alt.Chart(data).encode(
        x=alt.X("layer:O", title=None, sort=alt.EncodingSortField("depth", op="min"), axis=_LAYER_AXIS, scale=_GAPS),
        y=alt.Y(
            "label:N",
            title=None,
            sort=alt.EncodingSortField("rank", op="min", order="ascending"),
            axis=_label_axis(labelLimit=130),
            scale=_GAPS,
        ),
        tooltip=_tips(
            words, label="label:N", layer="layer_text:N", mean_score="score_text:N", pictures="pictures:Q",
            maps="maps:Q", rounds="rounds:Q", support="support:N",
        ),
    )  # fmt: skip
    return (
        base.mark_rect(cursor="pointer", cornerRadius=2, strokeWidth=1)
        .encode(
            color=alt.condition(
                "datum.score > 0",
                _colours("score:Q", words("chart.vega.mean_score_picture")),
                alt.value("transparent"),
            ),
            opacity=_focus(1, 0.3),
            stroke=alt.condition("datum.low && datum.score > 0", alt.value("#888f98"), alt.value("transparent")),
            strokeDash=alt.condition("datum.low", alt.value([3, 2]), alt.value([1, 0])),
            fillOpacity=alt.condition("datum.low", alt.value(0.4), alt.value(1)),
        )
        .properties(width=480, height=alt.Step(24))
    )


# Both read on white and on black.
_VERDICTS = {"rises": "#2b8a4b", "falls": "#c2562f", "none": "#858d96", "untestable": "#858d96"}
_GAPS = alt.Scale(padding=0.04)
# Level where a column has room for its layer's name.
_NARROW = "bandwidth('x') < 96"
_LAYER_AXIS = alt.Axis(
    labelExpr=_CALLED,
    labelAngle=alt.ExprRef(f"{_NARROW} ? -40 : 0"),
    labelAlign=alt.ExprRef(f"{_NARROW} ? 'right' : 'center'"),
    labelBaseline="top",
    labelLimit=110,
    labelOverlap=False,
    ticks=False,
    domain=False,
)
# Small charts have room for blocks only: "block 3, layer 1" is "block 3".
_BLOCK_AXIS = alt.Axis(
    labelExpr=f"split({_CALLED}, ', ')[0]", labelAngle=0, labelOverlap=True, labelSeparation=8, ticks=False
)
