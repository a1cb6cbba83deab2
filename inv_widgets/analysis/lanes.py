"""The inner loop of t-SNE with sixteen points side by side, which LLVM does not make of a plain loop by itself.

A plain loop over a point's partners ends in sums across a vector register, five a point: with a hundred points that is
half of the time. Here each of sixteen places of a register (of eight or four, several times, where registers are
narrower) sums for a point of its own.
"""

from __future__ import annotations

import functools
from typing import Any

__all__ = ["LANES", "forces", "register"]

LANES = 16


def forces(goal: Any, x: Any, y: Any, block: int, sums: Any) -> None:
    """Sum over all partners of sixteen points what their t-SNE gradient is made of.

    This is what the compiled form does, in Python: :func:`register` tells numba of that.

    Parameters
    ----------
    goal
        float32, shape (blocks, n, 16): the affinities, of partner j and point i at ``[i // 16, j, i % 16]``.
    x, y
        float32, shape (16 * blocks,): the points, of which n are real.
    block
        Which sixteen.
    sums
        float32, shape (5, 16): written; with ``q = 1 / (1 + |y_i - y_j|^2)`` the sums over j of q, of
        ``p q (y_i - y_j)`` along both axes and of ``q^2 (y_i - y_j)`` along both.
    """
    n = goal.shape[1]
    for lane in range(LANES):
        i = block * LANES + lane
        across, down = x[i] - x[:n], y[i] - y[:n]
        q = 1 / (1 + across * across + down * down)
        pull, push = goal[block, :, lane] * q, q * q
        for row, terms in enumerate((q, pull * across, pull * down, push * across, push * down)):
            sums[row, lane] = terms.sum()


@functools.cache
def register() -> None:
    """Tell numba how :func:`forces` is compiled.

    Raises
    ------
    ImportError
        Without numba.
    """
    from numba.extending import intrinsic, overload

    def typed(typingctx: Any, goal: Any, x: Any, y: Any, block: Any, sums: Any) -> Any:  # noqa: ARG001, PLR0913, PLR0917
        from numba.core import types

        return types.void(goal, x, y, block, sums), _emit

    compiled_forces: Any = intrinsic(typed)

    @overload(forces)
    def _(goal: Any, x: Any, y: Any, block: Any, sums: Any) -> Any:  # noqa: ARG001 (numba calls it with the types)
        def made(goal: Any, x: Any, y: Any, block: Any, sums: Any) -> Any:
            return compiled_forces(goal, x, y, block, sums)

        return made


def _emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Write the loop in LLVM's language."""
    from llvmlite import ir
    from numba.core import cgutils as tools

    cgutils: Any = tools
    width = _width(context)
    word, vector = ir.IntType(64), ir.VectorType(ir.FloatType(), width)
    goal, x, y, sums = (context.make_array(signature.args[k])(context, builder, arguments[k]) for k in (0, 1, 2, 4))
    block, n = arguments[3], cgutils.unpack_tuple(builder, goal.shape)[1]
    # What numba lets LLVM do in the loops around (see `compiled`): sums in any order, products fused with sums.
    free = ("reassoc", "contract", "arcp", "nsz")

    def lanes_at(values: Any, index: Any) -> Any:
        return builder.bitcast(builder.gep(values.data, [index]), vector.as_pointer())

    def everywhere(values: Any, index: Any) -> Any:
        empty = ir.Constant(vector, ir.Undefined)
        first = builder.insert_element(
            empty, builder.load(builder.gep(values.data, [index])), ir.Constant(ir.IntType(32), 0)
        )
        return builder.shuffle_vector(first, empty, ir.Constant(ir.VectorType(ir.IntType(32), width), [0] * width))

    def plus(one: Any, two: Any) -> Any:
        return builder.fadd(one, two, flags=free)

    def times(one: Any, two: Any) -> Any:
        return builder.fmul(one, two, flags=free)

    begin = builder.mul(block, ir.Constant(word, LANES))
    before = builder.mul(begin, n)
    one = ir.Constant(vector, [1.0] * width)
    totals = [cgutils.alloca_once(builder, vector) for _ in range(5)]
    with cgutils.for_range_slice(builder, *(ir.Constant(word, number) for number in (0, LANES, width))) as (lane, _):
        own_x, own_y = (builder.load(lanes_at(values, builder.add(begin, lane)), align=4) for values in (x, y))
        for total in totals:
            builder.store(ir.Constant(vector, [0.0] * width), total)
        with cgutils.for_range(builder, n) as loop:
            j = loop.index
            across, down = (
                builder.fsub(own, everywhere(values, j), flags=free) for own, values in ((own_x, x), (own_y, y))
            )
            q = builder.fdiv(one, plus(plus(one, times(across, across)), times(down, down)), flags=free)
            place = builder.add(builder.add(before, lane), builder.mul(j, ir.Constant(word, LANES)))
            p = builder.load(lanes_at(goal, place), align=4)
            pull, push = times(p, q), times(q, q)
            terms = (q, times(pull, across), times(pull, down), times(push, across), times(push, down))
            for total, term in zip(totals, terms, strict=True):
                builder.store(plus(builder.load(total), term), total)
        for row, total in enumerate(totals):
            place = builder.add(ir.Constant(word, row * LANES), lane)
            builder.store(builder.load(total), lanes_at(sums, place), align=4)
    return context.get_dummy_value()


def _width(context: Any) -> int:
    """Say how many points fit side by side into a register of the processor that is compiled for.

    More than fit are slower than LLVM's own loop: five sums of each would have to go through memory.
    """
    features = context.codegen().magic_tuple()[-1].split(",")
    if "+avx512f" in features:
        return 16
    return 8 if "+avx" in features else 4
