"""Explanations of many pictures, in order, as they are made: what ``explain_many`` and its workers go through.

Pictures are read ahead, go through the network in batches, and their columns are made meanwhile. Whatever runs beside
what, the results are the same bits: a batch always has the same number of rows, and a column is made by one thread.
"""

from __future__ import annotations

import operator
import warnings
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch

from inv_widgets.analysis.assembly_line import AssemblyLine
from inv_widgets.analysis.cores import count_cores
from inv_widgets.analysis.parts import target_text
from inv_widgets.analysis.slots import Slot
from inv_widgets.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Generator, Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from inv_widgets.analysis.picture_lists import Entry
    from inv_widgets.classifier import Classifier
    from inv_widgets.explanation import Explanation

__all__ = ["Outcome", "checked_options", "finished", "outcomes", "target_text", "whole_number"]

_RECIPE = Recipe()


@dataclass(frozen=True)
class Outcome:
    """What became of one picture.

    Attributes
    ----------
    entry
        The picture as it was given.
    key
        What its explanation is known by: the picture's content and the target that was asked for; None where it could
        not be read.
    explanation
        None where it failed, and where the key was known.
    packed
        What `pack` made of its picture.
    error
        Why it could not be explained.
    """

    entry: Entry
    key: str | None = None
    explanation: Explanation | None = None
    packed: Any = None
    error: Exception | None = None

    @property
    def reason(self) -> str:
        """The error in words, without the package's name; empty where there was none."""
        if self.error is None:
            return ""
        return str(self.error).removeprefix("[inv-widgets] ") or type(self.error).__name__


def outcomes(  # noqa: PLR0913 (by keyword)
    net: Classifier,
    entries: Iterable[Entry],
    *,
    layers: Any = None,
    recipe: Recipe = _RECIPE,
    known: Callable[[str], bool] | Container[str] = (),
    batch_size: int | None = None,
    workers: int | None = None,
    pack: Callable[[NDArray[np.uint8]], Any] | None = None,
) -> Generator[Outcome, None, None]:
    """Explain pictures; give what became of each, in their order.

    A bounded number of pictures is under way at a time, whatever their number. Closing the generator ends all threads
    and processes. On Ctrl-C, also one that is thrown in with ``throw(KeyboardInterrupt)``, what is finished is given
    yet, the last picture again and gaps left out, and then it is raised.

    Parameters
    ----------
    net
        A :class:`inv_widgets.Classifier`.
    entries
        Named pictures with their targets; gone through once, as needed, on the caller's thread.
    layers, recipe
        As :func:`inv_widgets.explain` takes them.
    known
        The keys of pictures that need not be explained again: a container, or a function of a key. Other threads ask
        it too.
    batch_size
        How many pictures go through the network at a time; None: see :class:`.batch_sizes.BatchSizes`. On a CPU it is
        rounded to a multiple of four and of torch's threads, but for 1. Results depend on it, and on torch's number of
        threads, by the last bits, and on nothing else: where pictures are missing copies fill a batch up, so that a
        large one costs its time and memory for a single picture too.
    workers
        How many columns are made at a time: by threads, or by processes where there are many. None: one a core, one
        less where the network is on a GPU. 0: all happens on the caller's thread.
    pack
        What is to be made of each explanation's picture, beside the passes: a function that does not hold Python's lock
        for long.

    Raises
    ------
    KeyError, ValueError, TypeError
        For an unknown target or layer, a batch size that needs more than half of the machine's memory (or more than
        the GPU's), and what else is no single picture's fault.
    RuntimeError
        If the network's weights changed meanwhile, or a worker process died.
    """
    checked_options(batch_size, workers)
    if workers is None:
        workers = max(1, count_cores() - (net.device.type != "cpu"))
    is_known = known if callable(known) else known.__contains__
    return _outcomes(net, entries, layers, recipe, is_known, batch_size, workers, pack)


def finished(made: Generator[Outcome, None, None]) -> Iterator[Outcome]:
    """Give what is finished after Ctrl-C, whether it came here or while the caller was at work; all else is ended."""
    try:
        yield made.throw(KeyboardInterrupt())
        yield from made
    except KeyboardInterrupt:
        return


def checked_options(batch_size: int | None, workers: int | None) -> dict[str, int]:
    """Give the options of :func:`outcomes` that are not None.

    Raises
    ------
    ValueError
        For what is no whole number of at least 1, or for workers at least 0.
    """
    options = (("batch_size", batch_size, 1), ("workers", workers, 0))
    return {name: whole_number(name, value, least) for name, value, least in options if value is not None}


def whole_number(name: str, value: Any, least: int) -> int:
    """Give the int that an option is, also one of numpy's.

    Raises
    ------
    ValueError
        For anything else, and for less than `least`.
    """
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    if number is None or number < least:
        raise ValueError(
            f"[inv-widgets] {name}={value!r} is not possible: give a whole number of at least {least}, or None."
        )
    return number


def _outcomes(  # noqa: PLR0913, PLR0917
    net: Classifier,
    entries: Iterable[Entry],
    layers: Any,
    recipe: Recipe,
    is_known: Callable[[str], bool],
    batch_size: int | None,
    workers: int,
    pack: Callable[[NDArray[np.uint8]], Any] | None,
) -> Generator[Outcome, None, None]:
    network_hash = net.hash
    slots: deque[Slot] = deque()
    source = iter(entries)
    exhausted = False
    threads = torch.get_num_threads()
    line = AssemblyLine(net, network_hash, layers, recipe, is_known, batch_size, workers, threads, pack)
    try:
        while slots or not exhausted:
            if not exhausted and len(slots) < line.room():
                exhausted = not _take(source, slots, line)
            full = exhausted or len(slots) >= line.room()
            line.advance(slots, full=full, ended=exhausted)
            for text in line.warnings():
                warnings.warn(text, stacklevel=3)
            if slots and slots[0].done:
                yield _outcome(slots[0], is_known)
                line.given(slots.popleft())
            elif full:
                line.wait(_PATIENCE)
        _require_same_weights(net, network_hash)
    except KeyboardInterrupt:
        line.stop(slots)
        yield from [_outcome(slot, is_known) for slot in slots if slot.done and slot.first is None and not slot.fatal]
        raise
    finally:
        line.stop()


_PATIENCE = 0.2  # seconds: on Windows Ctrl-C waits for a thread that waits


def _take(source: Any, slots: deque[Slot], line: AssemblyLine) -> bool:
    """Take up the next picture; False where there is none."""
    try:
        entry = next(source)
    except StopIteration:
        return False
    except Exception as error:  # noqa: BLE001 (the pictures before come first)
        slots.append(Slot(None, fatal=error))
        return False
    slot = Slot(entry)
    slots.append(slot)
    line.read(slot)
    return True


def _outcome(slot: Slot, is_known: Callable[[str], bool]) -> Outcome:
    """Say what became of the first picture under way."""
    if slot.fatal is not None:
        raise slot.fatal
    assert slot.entry is not None
    if slot.first is None:
        return Outcome(slot.entry, slot.key, slot.explanation, slot.packed, slot.error)
    if slot.first.error is not None or is_known(slot.key or ""):
        return Outcome(slot.entry, slot.key, error=slot.first.error)
    assert slot.first.explanation is not None
    return Outcome(slot.entry, slot.key, replace(slot.first.explanation, name=slot.entry.name), slot.first.packed)


def _require_same_weights(net: Classifier, network_hash: str) -> None:
    if net.hash != network_hash:
        raise RuntimeError(
            "[inv-widgets] The network's weights changed while pictures were being explained: nobody knows which "
            "weights the explanations are of. Leave the network alone meanwhile, and start anew (resume=False)."
        )
