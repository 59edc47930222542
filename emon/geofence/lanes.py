"""Eight segments at once, and a few single machine instructions, as Numba intrinsics.

Left to itself LLVM vectorises the loop over blocks instead of the eight lanes in one, and gathers
each number from another block; and a loop with Python's ``min`` not at all (numba issue 5139). So the
lanes are written out as vectors here. The arithmetic is that of the loops in the plain Python below,
which runs where Numba is switched off: no sum is reordered and nothing fused. ``nnan`` and ``ninf``
are promised of ``minnum`` and ``maxnum`` alone; the kernels look at their input before they come here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numba import config

from emon.geofence.layout import LANES, S_INVERSE, S_VX, S_VY, S_X, S_Y
from emon.geofence.wgs84 import Floats

if TYPE_CHECKING or config.DISABLE_JIT:  # plain Python: for coverage and for reading

    def least(a: float, b: float) -> float:
        """The smaller of two numbers, neither a NaN."""
        return a if a < b else b

    def most(a: float, b: float) -> float:
        """The larger of two numbers, neither a NaN."""
        return a if a > b else b

    def lowest_bit(mask: np.uint64) -> int:
        """Index of the lowest bit that is set; the mask must not be zero."""
        return (int(mask) & -int(mask)).bit_length() - 1

    def fetch_ahead(rows: npt.NDArray[Any], row: int | np.int64) -> None:
        """Begin to bring a row into the cache; nothing else."""

    def _square(segments: Floats, b: int, k: int, x: float, y: float) -> float:
        wx, wy = x - segments[b, S_X, k], y - segments[b, S_Y, k]
        vx, vy = segments[b, S_VX, k], segments[b, S_VY, k]
        t = least(1.0, most(0.0, (wx * vx + wy * vy) * segments[b, S_INVERSE, k]))
        dx, dy = wx - t * vx, wy - t * vy
        return float(dx * dx + dy * dy)

    def block_square(segments: Floats, b: int, x: float, y: float) -> float:
        """Square of the distance in the plane to the nearest of a block's chords."""
        return min(_square(segments, b, k, x, y) for k in range(LANES))

    def block_within(segments: Floats, b: int, x: float, y: float, square: float) -> np.uint64:
        """Which of a block's chords are within the square root of ``square``, a bit each."""
        near = (k for k in range(LANES) if _square(segments, b, k, x, y) <= square)
        return np.uint64(sum(1 << k for k in near))

else:
    from llvmlite import ir
    from numba.core import types
    from numba.extending import intrinsic

    _DOUBLE, _WORD, _FLAG = ir.DoubleType(), ir.IntType(64), ir.IntType(1)
    _VECTOR = ir.VectorType(_DOUBLE, LANES)
    _NO_NAN = ("nnan", "ninf", "nsz")

    def _pair(builder: Any, name: str, kind: Any, a: Any, b: Any) -> Any:
        call = builder.module.declare_intrinsic(name, (), ir.FunctionType(kind, [kind, kind]))
        return builder.call(call, [a, b], fastmath=_NO_NAN)

    @intrinsic
    def least(_typing: Any, _a: Any, _b: Any) -> Any:
        def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return _pair(builder, "llvm.minnum.f64", _DOUBLE, *arguments)

        return types.float64(types.float64, types.float64), generate

    @intrinsic
    def most(_typing: Any, _a: Any, _b: Any) -> Any:
        def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return _pair(builder, "llvm.maxnum.f64", _DOUBLE, *arguments)

        return types.float64(types.float64, types.float64), generate

    @intrinsic
    def lowest_bit(_typing: Any, _mask: Any) -> Any:
        def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            call = builder.module.declare_intrinsic(
                "llvm.cttz.i64", (), ir.FunctionType(_WORD, [_WORD, _FLAG])
            )
            return builder.call(call, [arguments[0], _FLAG(1)])

        return types.int64(types.uint64), generate

    @intrinsic
    def fetch_ahead(_typing: Any, rows: Any, _row: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            array = context.make_array(signature.args[0])(context, builder, arguments[0])
            place = arguments[1]
            if signature.args[0].ndim == 2:
                place = builder.mul(place, builder.extract_value(array.shape, 1))
            place = builder.gep(array.data, [place])
            byte, short = ir.IntType(8).as_pointer(), ir.IntType(32)
            kind = ir.FunctionType(ir.VoidType(), [byte, short, short, short])
            call = builder.module.declare_intrinsic("llvm.prefetch.p0", (), kind)
            builder.call(call, [builder.bitcast(place, byte), short(0), short(3), short(1)])
            return context.get_dummy_value()

        return types.none(rows, types.int64), generate

    def _spread(builder: Any, number: Any) -> Any:
        lane = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), number, ir.IntType(32)(0))
        order = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        return builder.shuffle_vector(lane, ir.Constant(_VECTOR, ir.Undefined), order)

    def _squares(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        """The vector of squared distances from (x, y) to the chords of block ``b``."""
        segments, b, x, y = arguments[:4]
        array = context.make_array(signature.args[0])(context, builder, segments)
        rows = builder.extract_value(array.shape, 1)
        start = builder.mul(b, builder.mul(rows, _WORD(LANES)))

        def row(number: int) -> Any:
            place = builder.gep(array.data, [builder.add(start, _WORD(number * LANES))])
            return builder.load(builder.bitcast(place, _VECTOR.as_pointer()), align=8)

        vx, vy = row(S_VX), row(S_VY)
        wx = builder.fsub(_spread(builder, x), row(S_X))
        wy = builder.fsub(_spread(builder, y), row(S_Y))
        dot = builder.fadd(builder.fmul(wx, vx), builder.fmul(wy, vy))
        zero, one = ir.Constant(_VECTOR, [0.0] * LANES), ir.Constant(_VECTOR, [1.0] * LANES)
        t = _pair(builder, "llvm.maxnum.v8f64", _VECTOR, builder.fmul(dot, row(S_INVERSE)), zero)
        t = _pair(builder, "llvm.minnum.v8f64", _VECTOR, t, one)
        dx, dy = builder.fsub(wx, builder.fmul(t, vx)), builder.fsub(wy, builder.fmul(t, vy))
        return builder.fadd(builder.fmul(dx, dx), builder.fmul(dy, dy))

    @intrinsic
    def block_square(_typing: Any, segments: Any, _b: Any, _x: Any, _y: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            squares = _squares(context, builder, signature, arguments)
            call = builder.module.declare_intrinsic(
                "llvm.vector.reduce.fmin.v8f64", (), ir.FunctionType(_DOUBLE, [_VECTOR])
            )
            return builder.call(call, [squares], fastmath=_NO_NAN)

        return types.float64(segments, types.int64, types.float64, types.float64), generate

    @intrinsic
    def block_within(_typing: Any, segments: Any, _b: Any, _x: Any, _y: Any, _square: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            squares = _squares(context, builder, signature, arguments)
            near = builder.fcmp_ordered("<=", squares, _spread(builder, arguments[4]))
            return builder.zext(builder.bitcast(near, ir.IntType(LANES)), _WORD)

        return types.uint64(segments, types.int64, types.float64, types.float64, types.float64), generate
