"""Watch a forward pass whose path is known: only the maps that are wanted are taken, at the steps that make them.

That the network takes the same path again is checked at each step. Costs a fraction of a trace.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.modules.module import register_module_forward_pre_hook

from inv_widgets.analysis import operations
from inv_widgets.analysis.kept import Kept
from inv_widgets.analysis.paths import INPUT, LEAVES, Made, number, results_of, tensors
from inv_widgets.analysis.watching import Watcher, has_compiled, unwatched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from torch import Tensor, nn

    from inv_widgets.analysis.paths import Path

__all__ = ["Followed"]


class Followed(Watcher):
    """A context in which one forward pass is followed.

    Parameters
    ----------
    module
        The network.
    path
        What it is thought to do.
    wanted
        The nodes whose values are kept; each must have a number in ``path.made``.
    edit
        The index of a node, and what its value becomes, as for a :class:`.tracing.Trace`.

    Attributes
    ----------
    kept
        What was kept, by node.
    edited
        Whether the node to edit was made, with the shape of its new value.
    """

    def __init__(
        self, module: nn.Module, path: Path, wanted: Sequence[int] = (), *, edit: tuple[int, Tensor] | None = None
    ) -> None:
        super().__init__()
        self.kept: dict[int, Kept] = {}
        self.edited = False
        self._same = True
        self._path = path
        self._steps = path.steps
        self._at = self._entered = 0
        self._wanted: dict[int, list[int]] = defaultdict(list)
        for node in wanted:
            self._wanted[path.made[node]].append(node)
        self._edit = edit
        self._edited_at = None if edit is None else path.made[edit[0]]
        self._stops = {*self._wanted, self._edited_at}
        self._made = Made()
        self._parts = list(module.modules())
        self._ids = set(map(id, self._parts))
        self._opaque = [module.get_submodule(name) for name in path.opaque]
        self._unconnected: set[int] = set()  # the numbers of kept tensors that have no gradient yet

    @property
    def same(self) -> bool:
        """Whether the network, now that it is done, took the path to its end, and all that was kept is intact."""
        done = self._at == len(self._steps) and self._entered == len(self._path.entered)
        whole = self._edit is not None or len(self.kept) == sum(map(len, self._wanted.values()))
        return self._same and done and whole and all(kept.intact for kept in self.kept.values())

    def _hooks(self) -> Iterator[tuple[Callable[..., Any], Callable[..., None]]]:
        if has_compiled(self._parts):
            for part in self._parts:
                yield part.register_forward_pre_hook, self._enter
        else:  # one hook for all modules: to put one on each takes as long as many a pass
            yield register_module_forward_pre_hook, self._enter
        for part in self._opaque:
            yield part.register_forward_hook, self._leave

    def watch(self, tensor: Tensor) -> None:
        """Take the network's input as known."""
        self._made.put(tensor, INPUT)

    def __torch_function__(  # noqa: C901 (written out: it runs at each step)
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one function, and see whether it is the next step."""
        if kwargs is None:
            kwargs = {}
        if not self._same or self._at == len(self._steps):
            self._same = False
            return func(*args, **kwargs)
        step = self._steps[self._at]
        made = self._made
        inputs = made.among(args)
        if kwargs:
            inputs += made.among(kwargs.values())
        # Properties come as a new object each time.
        if (func is not step.function and func != step.function) or inputs != step.inputs:
            self._same = False
            return func(*args, **kwargs)
        if self.kept:
            if step.writes:
                self._save(operations.flag_inplace(func, args, kwargs))
            if self._unconnected:
                self._connect(inputs, args, kwargs)
        result = func(*args, **kwargs)
        kind = type(result)
        if kind is torch.Tensor and result.shape == step.only and made.get(result) is None:
            # What _accept does, in short for most functions: this is what following costs.
            own = number(self._at, 0)
            made.put(result, own)
            if own in self._stops:
                self._take(own, result)
            self._at += 1
            return result
        if kind in LEAVES and not step.shapes:
            self._at += 1
            return result
        self._accept((result,) if isinstance(result, torch.Tensor) else results_of(func, args, result))
        return result

    def _accept(self, results: Sequence[Tensor]) -> None:
        """Give numbers to the results of the step, if they are what they were."""
        at, step = self._at, self._steps[self._at]
        self._at = at + 1
        if len(results) != len(step.shapes):
            self._same = False
            return
        for place, tensor in enumerate(results):
            if tensor.shape != step.shapes[place] or self._made.get(tensor) != step.before[place]:
                self._same = False
                return
            made = number(at, place)
            self._made.put(tensor, made)
            if made in self._stops:
                self._take(made, tensor)

    def _take(self, made: int, tensor: Tensor) -> None:
        for node in self._wanted.get(made, ()):
            kept = self.kept[node] = Kept.of(tensor)
            if kept.edge is None:
                self._unconnected.add(made)
        if self._edit is not None and made == self._edited_at:
            maps = self._path.nodes[self._edit[0]].upright(tensor)
            if maps.shape == self._edit[1].shape:
                maps.copy_(self._edit[1])
                self.edited = True

    def _save(self, changed: Any) -> None:
        """Copy what a function is about to overwrite."""
        if isinstance(changed, torch.Tensor):
            storage = changed.untyped_storage().data_ptr()
            for kept in self.kept.values():
                if kept.intact and kept.storage == storage:
                    kept.save()

    def _connect(self, inputs: list[int], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Note a gradient that came only on leaving a custom autograd function."""
        if not self._unconnected.isdisjoint(inputs):
            for tensor in tensors((args, kwargs)):
                made = self._made.get(tensor)
                if made in self._unconnected and tensor.requires_grad:
                    self._unconnected.remove(made)
                    for node in self._wanted[made]:
                        self.kept[node].connect(tensor)

    def _enter(self, module: nn.Module, _args: Any) -> None:
        if id(module) not in self._ids:
            return
        entered = self._path.entered
        if self._entered == len(entered) or entered[self._entered] != id(module):
            self._same = False
        else:
            self._entered += 1

    def _leave(self, _module: nn.Module, _args: Any, output: Any) -> None:
        if not self._same or not isinstance(output, torch.Tensor) or self._made.get(output) is not None:
            return
        if self._at == len(self._steps) or self._steps[self._at].function is not None:
            self._same = False
            return
        with unwatched():
            self._accept([output])
