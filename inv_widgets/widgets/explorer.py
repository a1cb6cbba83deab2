"""The Explorer: a run on screen, a column a layer, in each column the cluster maps by weight."""

from __future__ import annotations

import base64
import contextlib
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import traitlets
from PIL import Image

from inv_widgets.errors import kind_of
from inv_widgets.export import figures
from inv_widgets.run import as_run
from inv_widgets.run_outline import picture_hashes
from inv_widgets.widgets import explorer_pictures as sending
from inv_widgets.widgets.base import Widget
from inv_widgets.widgets.state import State, StateTrait
from inv_widgets.widgets.traits import Checked, number, one_of, optional, texts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inv_widgets.explanation import Explanation
    from inv_widgets.run import Run
    from inv_widgets.url_files import UrlFile

__all__ = ["Explorer"]


class Explorer(Widget):
    """Explore explanations: a column a layer from shallow to deep, cluster maps as cards, one in full by a click.

    All controls work in the browser and never wait for the kernel. Of a run of more than 64 explanations, or 32 MB, a
    picture and its thumbnail come when they are looked at, and the browser keeps those looked at last: ten thousand
    open as fast as fifty. Of a run of more than about ten, the small maps of single channels come when a detail is
    opened, and a saved notebook has those that were looked at. While a reveal game on the same State is open, the
    pictures that its player has not answered yet are withheld, and the others come when they are looked at.

    Parameters
    ----------
    run
        A Run, an Explanation, several, or a saved run's path or URL.
    state
        A State that is shared with other views; by default a new one, at ``explorer.state``.
    view
        ``"overlay"``, ``"mask"`` (the picture where the map is high) or ``"map"``.
    share
        How much of the window the mask shows: the top 0.5..100 per cent of its pixels.
    cut
        The overlay is clear below this share of the map's range, 0..0.95.
    card_size
        Width of the cards, 88..320 pixels; None: so that all columns are seen, where that can be.
    hidden_layers
        Names of layers whose columns are not shown.
    height
        Of the columns and the detail at most, 280..4000 pixels.

    Raises
    ------
    TypeError
        If `run` is none of these, or for an unknown argument, with the closest known one.
    traitlets.TraitError
        For a value that is not possible, now or when a trait is set later.
    FileNotFoundError
        If a path names no saved run, or the front end is not built.
    """

    _front_end = "explorer"
    _arguments = ("run",)
    _kernel_only = ("_pictures",)
    _version = 0

    state = StateTrait()
    view = Checked("overlay", one_of(("overlay", "mask", "map")))
    share = Checked(20.0, number(0.5, 100.0))
    cut = Checked(0.0, number(0.0, 0.95))
    card_size = Checked(None, optional(number(88, 320)))
    hidden_layers = Checked([], texts)
    height = Checked(680, number(280, 4000))
    _pictures = traitlets.List(traitlets.Dict()).tag(sync=True)

    def __init__(
        self,
        run: Run | Explanation | Iterable[Explanation] | str | Path | UrlFile,
        *,
        state: State | None = None,
        **view: Any,
    ) -> None:
        if state is not None and not isinstance(state, State):
            raise TypeError(f"[inv-widgets] state={state!r:.80} is {kind_of(state)}: give an inv.State.")
        self._run = as_run(run)
        self._hashes: list[str] | None = None
        state = State() if state is None else state
        super().__init__(state=state, _pictures=self._sent(state), **view)
        self._heads_only = False
        state._withholding.watch(self._on_withheld)  # noqa: SLF001 (the kernel-only part of a State)
        self._on_withheld()
        self.observe(self._on_state, "state")
        self.on_msg(self._on_message)

    @property
    def run(self) -> Run:
        """What is explored. Set it to show another run, or the same one with newer labels, in the same place.

        What is chosen in the State stays chosen, where the new run has it.
        """
        return self._run

    @run.setter
    def run(self, run: Run | Explanation | Iterable[Explanation] | str | Path | UrlFile) -> None:
        run = as_run(run)
        hashes = picture_hashes(run)
        with self._lock:
            known = self._hashes if self._hashes is not None else picture_hashes(self._run)
            same = (hashes, run.keys) == (known, self._run.keys)
            self._run, self._hashes = run, hashes
            self._version += 1
            if not same:
                self._pictures = []  # nothing of the others is taken for these
            self._pictures = self._sent(self.state)

    @property
    def explanation(self) -> Explanation:
        """The explanation that is shown.

        Raises
        ------
        IndexError
            If the run is empty, or all of it is withheld by a game.
        """
        return self._run[self._place(self.state)]

    def save(self, path: str | Path, **options: Any) -> Path:
        """Write the explanation that is shown as a figure, as it is shown: colours, opacity, columns.

        Parameters
        ----------
        path
            A file that ends in ``.svg`` or ``.png``.
        **options
            As in ``inv.export.figures.save``: `theme`, `scale`, `max_layers`, `max_maps`, or other `colour_map`,
            `opacity`, `layers`.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        IndexError
            If the run is empty, or all of it is withheld by a game.
        ValueError, TypeError
            If `path` ends in something else, or an option is not possible.
        """
        with self._lock:
            explanation = self.explanation
        return figures.save(explanation, Path(path), **(self._look(explanation) | options))

    def __repr__(self) -> str:
        return f"Explorer({self._run!r})"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        bundle: tuple[dict[str, Any], dict[str, Any]] | None = super()._repr_mimebundle_(**kwargs)
        if bundle is not None and len(self._run) > 0:
            # For readers without a kernel: GitHub, nbconvert, a notebook that was reopened. Never at the view's cost.
            with contextlib.suppress(Exception):
                bundle[0]["image/jpeg"] = base64.b64encode(self._still()).decode("ascii")
        return bundle

    def _still(self) -> bytes:
        import vl_convert

        with self._lock:
            explanation = self.explanation
        look: dict[str, Any] = {**self._look(explanation), **figures.STILL}
        drawn = figures.figure(explanation, **look)
        image = Image.open(io.BytesIO(vl_convert.svg_to_png(drawn, scale=0.75))).convert("RGB")
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=85, optimize=True)  # a sixth of the PNG, and it is saved with each notebook
        return buffer.getvalue()

    def _look(self, explanation: Explanation) -> dict[str, Any]:
        layers = [column.layer for column in explanation.columns]
        brushed = set(self.state.layers) & set(layers) or set(layers)
        shown = [layer for layer in layers if layer in brushed and layer not in set(self.hidden_layers)]
        return {"colour_map": self.state.colour_map, "opacity": self.state.opacity, "layers": shown or None}

    def _place(self, state: State) -> int:
        """Where the run has what is shown: as the front end chooses it."""
        if not len(self._run):
            raise IndexError("[inv-widgets] This Explorer is empty: give it a run with at least one picture.")
        withheld = self._withheld(state)
        keys = [(place, *key) for place, key in enumerate(self._run.keys) if place not in withheld]
        if not keys:
            raise IndexError(
                "[inv-widgets] All pictures of this Explorer are withheld while a game on its State is open: play them "
                "first, or close the game."
            )
        picture, target = state.picture, state.target
        for wanted in ((picture, target), (picture, None), (None, target)):
            for place, name, target_name in keys:
                if wanted != (None, None) and wanted[0] in {None, name} and wanted[1] in {None, target_name}:
                    return place
            if picture is not None and wanted == (picture, None):
                break
        return keys[0][0]

    def _withheld(self, state: State) -> frozenset[int]:
        """Places of the explanations that open games withhold."""
        hashes = state._withholding.hashes  # noqa: SLF001
        if not hashes:
            return frozenset()
        if self._hashes is None:
            self._hashes = picture_hashes(self._run)
        return frozenset(place for place, one in enumerate(self._hashes) if one in hashes)

    def _sent(self, state: State) -> list[dict[str, Any]]:
        # What the browser has of an older version it shows until the newer one has come.
        version = {"version": self._version} if self._version else {}
        if not state._withholding.active:  # noqa: SLF001
            shown = self._place(state) if len(self._run) else 0
            return [picture | version for picture in sending.pictures(self._run, shown)]
        withheld = self._withheld(state)
        heads = enumerate(sending.heads(self._run))
        return [{"key": str(place), "withheld": True} if place in withheld else head | version for place, head in heads]

    def _on_withheld(self) -> None:
        with self._lock:
            active = self.state._withholding.active  # noqa: SLF001
            if active or self._heads_only:
                self._pictures = self._sent(self.state)
                self._heads_only = active

    def _on_state(self, change: Any) -> None:
        change["old"]._withholding.unwatch(self._on_withheld)  # noqa: SLF001
        change["new"]._withholding.watch(self._on_withheld)  # noqa: SLF001
        self._on_withheld()

    def _on_message(self, _: Any, content: dict[str, Any], __: list[memoryview]) -> None:
        """Answer the browser's questions by their id, errors included."""
        answers = {
            "picture": self._answer_picture,
            "channels": self._answer_channels,
            "thumbnails": self._answer_thumbnails,
        }
        try:
            kind = content.get("kind")
            if kind not in answers:
                raise ValueError(f"[inv-widgets] The kernel does not know the question {kind!r}.")  # noqa: TRY301
            with self._lock:
                told, buffers = answers[kind](content)
            self.send({"id": content.get("id"), **told}, buffers=buffers)
        except Exception as error:  # noqa: BLE001 (whatever it was, the browser waits for an answer)
            self.send({"id": content.get("id"), "error": str(error) or type(error).__name__})

    def _answer_picture(self, content: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        picture = sending.whole(self._run, self._asked(content))
        if self._version:
            picture["version"] = self._version
        return {"picture": picture}, [picture.pop(name) for name in sending.BYTES]

    def _answer_channels(self, content: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        return {"version": self._version}, [sending.asked_channels(self._run, self._asked(content))]

    def _answer_thumbnails(self, content: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        keys, found = sending.asked_thumbnails(self._run, content["keys"], self._withheld(self.state))
        return {"keys": keys}, found

    def _asked(self, content: dict[str, Any]) -> int:
        place = int(content["key"])
        if not 0 <= place < len(self._run):
            raise IndexError(f"[inv-widgets] There is no picture {place}: this run has {len(self._run)}.")
        if place in self._withheld(self.state):
            raise PermissionError("[inv-widgets] This picture is withheld while a game is open: play first.")
        return place
