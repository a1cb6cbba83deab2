"""What :func:`inv_widgets.compare` found: maps, costs and metrics of several methods on the same pictures.

Reading and showing one loads no torch.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

from inv_widgets.comparison.enlarging import laid_on
from inv_widgets.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import altair as alt
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray
    from typing_extensions import Self

    from inv_widgets.explanation import Prediction

__all__ = ["ComparedMap", "ComparedMethod", "ComparedPicture", "ComparisonResult"]

Window = tuple[float, float, float, float]


@dataclass(frozen=True)
class ComparedMethod:
    """A method as it was used.

    Attributes
    ----------
    name, title, family, paper
        As :func:`inv_widgets.methods` gives them.
    parameters
        All of its parameters.
    key
        What the result calls it: its name, or ``name (2)`` ... where it was used with other parameters too.
    """

    name: str
    title: str
    family: str
    paper: str
    parameters: Mapping[str, Any]
    key: str

    @property
    def label(self) -> str:
        """What to show: the title, with a number where the method is there twice; or what the user calls it."""
        return self.title + self.key.removeprefix(self.name) if self.key.startswith(self.name) else self.key


@dataclass(frozen=True, eq=False)
class ComparedPicture:
    """A picture that the methods explained.

    Attributes
    ----------
    name, hash
        Names are told apart; the hash is that of the picture as it was given.
    picture
        uint8, shape (H, W, 3), its longer side at most 1024.
    window
        (left, top, width, height) of what the network sees, in pixels of `picture`.
    mask
        The ground truth, bool, shape (H, W), or None.
    target, target_name, probability
        The class or group that was asked about, and its softmax probability.
    predictions
        The network's first choices.
    """

    name: str
    hash: str
    picture: NDArray[np.uint8]
    window: Window
    mask: NDArray[np.bool_] | None
    target: int | tuple[int, ...]
    target_name: str
    probability: float
    predictions: tuple[Prediction, ...]


@dataclass(frozen=True, eq=False)
class ComparedMap:
    """One method on one picture.

    Attributes
    ----------
    method
        The method's key.
    native
        The map as the method made it, float32, shape (h, w): of the window, in a layer's or the input's resolution;
        None where it failed or maps were not kept.
    seconds, forwards, backwards
        Wall time, and how many (changed) pictures went through the network and back.
    peak_memory
        Bytes of tensors that were made and alive at once, or NaN where it was not measured.
    metrics
        By name; NaN where a metric is undefined.
    reasons
        By metric why it is undefined.
    notes
        What the method says of its result.
    error
        Why there is no map, or "".
    """

    method: str
    native: NDArray[np.float32] | None
    seconds: float
    forwards: float
    backwards: float
    peak_memory: float
    metrics: Mapping[str, float]
    reasons: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True, eq=False)
class ComparisonResult:
    """Several methods on the same pictures: maps, costs, metrics.

    Attributes
    ----------
    network, network_hash
        The network's name and the hash of its weights.
    methods
        In the order that was asked for.
    pictures
        In the order that was given.
    maps
        ``maps[i][j]`` is method j's on picture i.
    metrics
        The names of the metrics that were measured.
    rerun
        Compares other pictures in the same way: ``rerun(picture, target, keys)`` with the live network, or None for a
        result that was read from a file.
    """

    network: str
    network_hash: str
    methods: tuple[ComparedMethod, ...]
    pictures: tuple[ComparedPicture, ...]
    maps: tuple[tuple[ComparedMap, ...], ...]
    metrics: tuple[str, ...]
    rerun: Callable[[Any, Any, Sequence[str] | None], ComparisonResult] | None = None

    def __repr__(self) -> str:
        return f"ComparisonResult({len(self.methods)} methods on {len(self.pictures)} pictures, {self.network!r})"

    def map(self, picture: str | int, method: str) -> NDArray[np.float32]:
        """Give a method's map at the picture's size, float32 (H, W); 0 outside what the network sees.

        Raises
        ------
        UnknownNameError
            For an unknown picture or method.
        ValueError
            Where there is no map: the method failed there, or maps were not kept.
        """
        place = picture if isinstance(picture, int) else self._place("picture", picture)
        compared, found = self.pictures[place], self.maps[place][self._place("method", method)]
        if found.native is None:
            why = found.error.removeprefix("[inv-widgets] ") or "maps were not kept (keep_maps=True keeps them)"
            raise ValueError(f"[inv-widgets] There is no map of {method} on {compared.name}: {why}")
        return laid_on(found.native, compared.picture.shape[0], compared.picture.shape[1], compared.window)

    def rows(self) -> Iterator[tuple[ComparedPicture, ComparedMethod, ComparedMap]]:
        """Go through all maps, picture by picture."""
        for picture, maps in zip(self.pictures, self.maps, strict=True):
            for method, found in zip(self.methods, maps, strict=True):
                yield picture, method, found

    def to_frame(self) -> pd.DataFrame:
        """Give a tidy frame: a row a picture, method and measure.

        Columns ``picture, method, target, measure, value, unit, reason``. Measures are the metrics, then ``seconds``,
        ``forwards``, ``backwards``, ``peak_memory`` (bytes).
        """
        from inv_widgets.comparison.comparison_frames import tidy

        return tidy(self)

    def summary(self, *, level: float = 95.0, draws: int = 2000, seed: int = 0) -> pd.DataFrame:
        """Give each method's mean a measure, with a bootstrap interval over the pictures.

        Parameters
        ----------
        level
            Of the interval, in per cent.
        draws
            Bootstrap samples of the pictures (percentile interval).
        seed
            Of the draws; the same pictures are drawn for all methods.

        Returns
        -------
        pandas.DataFrame
            Columns ``method, measure, mean, low, high, unit, n, n_undefined``.
        """
        from inv_widgets.comparison.comparison_frames import summarized

        return summarized(self, level=level, draws=draws, seed=seed)

    @overload
    def figure(self, measure: str) -> alt.LayerChart: ...
    @overload
    def figure(self, measure: None = None) -> alt.ConcatChart: ...
    def figure(self, measure: str | None = None) -> Any:
        """Draw each method's mean with its interval and the single pictures, best first; None: all measures."""
        from inv_widgets.comparison.comparison_figures import figure, figures

        return figures(self) if measure is None else figure(self, measure)

    def save(self, path: str | Path) -> Path:
        """Write ``NAME.parquet`` and ``NAME.pictures.parquet``; return the path of the first."""
        from inv_widgets.comparison.comparison_files import write

        return write(path, self)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what :meth:`save` or ``inv.compare(..., out=path)`` has written; nothing is unpickled.

        Raises
        ------
        FileNotFoundError, ValueError
            Where there is no comparison, or no whole one.
        """
        from inv_widgets.comparison.comparison_files import read

        return read(cls, path)

    def _place(self, kind: str, name: str) -> int:
        names = [one.name for one in self.pictures] if kind == "picture" else [one.key for one in self.methods]
        if name not in names:
            shown = ", ".join(names[:8]) + (" ..." if len(names) > 8 else "")
            raise UnknownNameError(f"[inv-widgets] There is no {kind} {name!r} in this comparison. It has {shown}.")
        return names.index(name)
