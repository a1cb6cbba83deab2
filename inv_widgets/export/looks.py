"""How a still figure looks: its options, checked in one place, and the colours of the themes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from inv_widgets.export.chart_files import checked_theme
from inv_widgets.export.colour_maps import colours

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from typing_extensions import Unpack

__all__ = ["FigureOptions", "Look", "Theme", "check_options"]

Theme = Literal["light", "dark"]


class FigureOptions(TypedDict, total=False):
    """How a figure looks; see :func:`inv_widgets.export.figures.figure`."""

    theme: Theme
    colour_map: str
    opacity: float
    layers: Sequence[str] | None
    max_layers: int | None
    max_maps: int | None


@dataclass(frozen=True)
class Look:
    """The resolved options, and the colours of the theme."""

    theme: Theme = "light"
    colour_map: str = "viridis"
    opacity: float = 0.6
    layers: Sequence[str] | None = None
    max_layers: int | None = None
    max_maps: int | None = None

    def __post_init__(self) -> None:
        checked_theme(self.theme)
        colours(self.colour_map)
        if not 0 <= self.opacity <= 1:
            raise ValueError(f"[inv-widgets] opacity={self.opacity!r} is not possible: give a number from 0 to 1.")
        if isinstance(self.layers, str):
            raise TypeError(
                f"[inv-widgets] layers={self.layers!r} is one text: give a list, such as [{self.layers!r}]."
            )
        for name in ("max_layers", "max_maps"):
            most = getattr(self, name)
            if most is not None and most < 1:
                raise ValueError(f"[inv-widgets] {name}={most!r} is not possible: give at least 1, or None for all.")

    @classmethod
    def of(cls, **options: Unpack[FigureOptions]) -> Look:
        """Take the options of a figure; an unknown one is refused."""
        check_options(cls, options)
        return cls(**options)

    def __getitem__(self, role: str) -> str:
        return _THEMES[self.theme][role]


def check_options(kind: type[Any], options: Mapping[str, Any]) -> None:
    """See that a dataclass of options has them all.

    Raises
    ------
    TypeError
        With those that it has not, and those that it has.
    """
    known = [field.name for field in dataclasses.fields(kind)]
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise TypeError(f"[inv-widgets] A figure has no option {', '.join(unknown)}. It takes: {', '.join(known)}.")


_THEMES: dict[str, dict[str, str]] = {
    "light": {
        "background": "#ffffff", "ink": "#1b1f24", "muted": "#69707a", "hairline": "#e2e5e9", "border": "#000000",
        "accent": "#2f6fd6", "dropped": "#a9b1bc", "pruned": "#d9dde2",
    },
    "dark": {
        "background": "#14171a", "ink": "#e9ecef", "muted": "#98a1ab", "hairline": "#2b3036", "border": "#ffffff",
        "accent": "#76a7f5", "dropped": "#707a86", "pruned": "#3a4149",
    },
}  # fmt: skip
