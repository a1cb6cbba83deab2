"""Many pictures: explained one after the other, with progress, into one run that can be resumed."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from tqdm.auto import tqdm

from inv_widgets.analysis.layers import Layer
from inv_widgets.analysis.parts import Parts, lock, part_key
from inv_widgets.analysis.picture_lists import entries
from inv_widgets.analysis.pipeline import explain, named_picture, require
from inv_widgets.recipe import Recipe
from inv_widgets.run import Run, load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from inv_widgets.analysis.picture_lists import Entry
    from inv_widgets.classifier import Classifier
    from inv_widgets.explanation import Explanation

__all__ = ["explain_many"]

_RECIPE = Recipe()


def explain_many(  # noqa: PLR0913 (the public face, all by keyword)
    net: Classifier,
    pictures: Any,
    *,
    target: Any = None,
    layers: Any = None,
    recipe: Recipe = _RECIPE,
    out: str | Path | None = None,
    resume: bool = True,
    on_error: Literal["report", "raise"] = "report",
) -> Run:
    """Explain many pictures.

    Parameters
    ----------
    net
        A :class:`inv_widgets.Classifier`.
    pictures
        Pictures in any form that :func:`explain` takes, a dict from name to picture, (name, picture) pairs, a folder or
        a glob pattern. Names that come twice are told apart: ``cat.jpg``, ``cat.jpg (2)``.
    target
        One for all, as :func:`explain` takes it, but a group of classes is a tuple here; a list with one a picture; or
        a dict from picture name to target (the others get the network's first choice).
    layers, recipe
        As :func:`explain` takes them.
    out
        ``NAME.parquet``. Each explanation is written as soon as it is made (to ``NAME.parts``), the run's three files
        at the end, whole or not at all. Without it everything stays in memory.
    resume
        Go on with what `out` holds, finished or interrupted: what is there is not computed again, and pictures that it
        has beyond these stay after them. A picture is known by its content and target, not by its name. False
        replaces it.
    on_error
        ``"report"``: a picture that cannot be read or explained is left out and stands in ``Run.errors`` with the
        reason; a warning at the end says so. ``"raise"``: it ends the run; what was made stays for a resumed run.

    Returns
    -------
    Run
        In the order of the pictures; read from `out` as needed, where given.

    Raises
    ------
    FileNotFoundError, KeyError, IndexError, TypeError, ValueError
        For what is no network, picture list, target, layer or recipe; and where `out` was made with another network,
        recipe or other layers.
    RuntimeError
        While another process works on `out`.
    KeyboardInterrupt
        On Ctrl-C; finished parts stay, the same call goes on from there.
    """
    require(net, recipe)
    if on_error not in {"report", "raise"}:
        raise ValueError(f'[inv-widgets] on_error={on_error!r} is not possible: give "report" or "raise".')
    todo, number = entries(pictures, target)
    _require_targets(net, target)
    errors: dict[str, str] = {}
    bar = tqdm(todo, "Explaining", number, unit="picture")

    def go(store: _Memory | Parts) -> list[tuple[str, str]]:
        done = []
        for entry in bar:
            try:
                picture = named_picture(entry.picture, entry.name)
            except Exception as error:  # noqa: BLE001 (decoders raise anything)
                _report(entry, error, errors, on_error)
                continue
            key = part_key(picture.hash, _target_text(net, entry.target))
            if key not in store:
                try:
                    store.add(key, explain(net, picture, entry.target, layers, recipe))
                except (KeyError, TypeError, MemoryError):
                    raise  # not this picture's fault: an unknown layer, a wrong argument
                except Exception as error:  # noqa: BLE001 (so do networks)
                    _report(entry, error, errors, on_error)
                    continue
            done.append((key, entry.name))
        return done

    with bar:
        run = _in_memory(go, errors) if out is None else _on_disk(go, errors, out, _job(net, layers, recipe), resume)
    if errors:
        _warn(errors, number)
    return run


class _Memory:
    """What :class:`Parts` is on disk."""

    def __init__(self) -> None:
        self.made: dict[str, Explanation] = {}

    def __contains__(self, key: str) -> bool:
        return key in self.made

    def add(self, key: str, explanation: Explanation) -> None:
        self.made[key] = explanation


def _in_memory(go: Callable[[_Memory], list[tuple[str, str]]], errors: dict[str, str]) -> Run:
    memory = _Memory()
    done = go(memory)
    return Run((replace(memory.made[key], name=name) for key, name in done), errors=errors)


def _on_disk(
    go: Callable[[Parts], list[tuple[str, str]]],
    errors: dict[str, str],
    out: str | Path,
    job: dict[str, Any],
    resume: bool,
) -> Run:
    with lock(out):
        parts = Parts(out, job, resume=resume)
        try:
            done = go(parts)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(
                f"[inv-widgets] Stopped. {parts.count()} explanations of {out} are kept: the same call goes on."
            ) from None
        return load(parts.merge(done, errors))


def _job(net: Classifier, layers: Any, recipe: Recipe) -> dict[str, Any]:
    """Say what must be the same for a run to be resumed."""
    several = sorted(map(_layer_text, layers)) if isinstance(layers, (list, tuple, set)) else _layer_text(layers)
    return {"network": net.name, "network_hash": net.hash, "recipe": recipe.to_json(), "layers": several}


def _layer_text(layer: Any) -> str:
    if layer is None:
        return "blocks"
    return layer.name if isinstance(layer, Layer) else str(layer)


def _require_targets(net: Classifier, target: Any) -> None:
    """Refuse unknown targets before any work is done."""
    several = target.values() if isinstance(target, Mapping) else target if isinstance(target, list) else [target]
    for one in several:
        _target_text(net, one)


def _target_text(net: Classifier, target: Any) -> str:
    return "first choice" if target is None else repr(net.resolve_target(target)[0])


def _report(entry: Entry, error: Exception, errors: dict[str, str], on_error: str) -> None:
    if on_error == "raise":
        raise error
    errors[entry.name] = str(error).removeprefix("[inv-widgets] ") or type(error).__name__


def _warn(errors: dict[str, str], number: int | None) -> None:
    name, reason = next(iter(errors.items()))
    more = f" ... and {len(errors) - 1} more" if len(errors) > 1 else ""
    of = "" if number is None else f" of {number}"
    warnings.warn(
        f"[inv-widgets] {len(errors)}{of} pictures could not be explained: {name}: {reason}{more}. See run.errors.",
        stacklevel=3,
    )
