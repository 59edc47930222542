"""Eight segments at once, and a few single machine instructions, as Numba intrinsics.

Left to itself LLVM vectorises the loop over blocks instead of the eight lanes in one, and gathers
each number from another block; and a loop with Python's ``min`` not at all (numba issue 5139). So the
lanes are written out as vectors here. The arithmetic is that of the loops in the plain Python below,
which runs where Numba is switched off: no sum is reordered and nothing fused. ``nnan`` and ``ninf``
are promised of ``minnum`` and ``maxnum`` alone; the kernels look at their input before they come here.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numba import config

from emon.geofence.layout import (
    B_HALF_LAT,
    B_HALF_LON,
    B_LAT,
    B_LON,
    BOX_COLUMNS,
    C_AX,
    C_AY,
    C_BX,
    C_BY,
    FAR_DEG,
    LANES,
    S_BOW,
    S_INVERSE,
    S_VX,
    S_VY,
    S_X,
    S_Y,
    SIDES_FROM,
    WIDE_DEG,
    Boxes,
)
from emon.geofence.wgs84 import Floats

if TYPE_CHECKING or config.DISABLE_JIT:  # plain Python: for coverage and for reading

    def least(a: float, b: float) -> float:
        """The smaller of two numbers, neither a NaN."""
        return a if a < b else b

    def most(a: float, b: float) -> float:
        """The larger of two numbers, neither a NaN."""
        return a if a > b else b

    def lesser(a: int | np.int64, b: int | np.int64) -> int:
        """The smaller of two whole numbers. Python's ``min`` is compiled anew for each pair of types."""
        return int(a if a < b else b)

    def greater(a: int | np.int64, b: int | np.int64) -> int:
        """The larger of two whole numbers."""
        return int(a if a > b else b)

    def truncated(number: float) -> int:
        """A number without its fraction, as ``int`` has it, which is compiled anew for each type too."""
        return int(number)

    def lowest_bit(mask: np.uint64) -> int:
        """Index of the lowest bit that is set; the mask must not be zero."""
        return (int(mask) & -int(mask)).bit_length() - 1

    def fetch_ahead(rows: npt.NDArray[Any], row: int | np.int64, line: int) -> None:
        """Begin to bring a cache line (64 bytes) of a row into the cache; nothing else."""

    def _square(segments: Floats, b: int, k: int, x: float, y: float, bowed: bool = False) -> float:
        wx, wy = x - segments[b, S_X, k], y - segments[b, S_Y, k]
        vx, vy = segments[b, S_VX, k], segments[b, S_VY, k]
        t = least(1.0, most(0.0, (wx * vx + wy * vy) * segments[b, S_INVERSE, k]))
        dx, dy = wx - t * vx, wy - t * vy
        if bowed:
            bow = segments[b, S_BOW, k] * (t * (1.0 - t))
            dx, dy = dx + bow * vy, dy - bow * vx
        return float(dx * dx + dy * dy)

    def block_square(segments: Floats, b: int, x: float, y: float) -> float:
        """Square of the distance in the plane to the nearest of a block's chords."""
        return min(_square(segments, b, k, x, y) for k in range(LANES))

    def block_bowed_square(segments: Floats, b: int, x: float, y: float) -> float:
        """The same to the bows over the chords, parabolas, each where its chord is nearest."""
        return min(_square(segments, b, k, x, y, True) for k in range(LANES))

    def block_within(segments: Floats, b: int, x: float, y: float, square: float) -> np.uint64:
        """Which of a block's chords are within the square root of ``square``, a bit each."""
        near = (k for k in range(LANES) if _square(segments, b, k, x, y) <= square)
        return np.uint64(sum(1 << k for k in near))

    def _crossed(ax: Any, ay: Any, bx: Any, by: Any, x: Any, y: Any, near: Any) -> tuple[bool, bool]:
        dx, dy = bx - ax, by - ay
        room = near * (abs(dx) + abs(dy))
        middle, point = dy * ax - dx * ay, dx * (y - ay) - dy * (x - ax)
        apart = (x * ay - y * ax > 0.0) != (x * by - y * bx > 0.0)
        beside = x < min(ax, bx) - near or x > max(ax, bx) + near
        beside = beside or y < min(ay, by) - near or y > max(ay, by) + near
        close = (abs(point) <= room and (apart or not beside)) or (abs(middle) <= room and apart)
        return apart and (middle > 0.0) != (point > 0.0), close

    def block_crossings(edges: Boxes, b: int | np.int64, x: float, y: float, near: float) -> int:
        """Whether the way from the origin to (x, y) crosses an odd number of a block's edges, 1 or 0.

        2 where that could hang by a rounding, or (x, y) is within ``near`` of an edge. Whether an edge's
        ends lie on either side of the way is decided half-open, by one product for a corner that two
        edges share: so no corner counts twice.
        """
        at = tuple(np.float32(number) for number in (x, y, near))
        rows = (edges[b, row] for row in (C_AX, C_AY, C_BX, C_BY))
        found = [_crossed(*ends, *at) for ends in zip(*rows, strict=True)]
        return 2 if any(close for _, close in found) else sum(odd for odd, _ in found) & 1

    def boxes_beside(
        boxes: Boxes,
        row: int | np.int64,
        count: int | np.int64,
        lon: float,
        lat: float,
        lon_m: float,
        lat_m: float,
    ) -> tuple[np.uint64, tuple[float, float, float, float], float]:
        """Where a position lies by up to eight boxes; ``count`` from ``row`` on, of which more may follow.

        Which hold it, a bit each. The degrees to the west, east, south and north up to which none of the
        others is met, each by the side on which the position is farther from it in metres, of which a degree
        has ``lon_m`` and ``lat_m``. The square of the metres to the nearest that can be met all around.
        """
        within, sides, square = 0, [FAR_DEG] * 4, math.inf
        for k in range(min(int(count), LANES)):
            middle_lon, middle_lat, half_lon, half_lat = (float(number) for number in boxes[row + k, :4])
            east, north = lon - middle_lon, lat - middle_lat
            east = east - 360.0 if east > 180.0 else (east + 360.0 if east < -180.0 else east)
            x, y = abs(east) - half_lon, abs(north) - half_lat
            x_m, y_m = max(0.0, x) * lon_m, max(0.0, y) * lat_m
            if x <= 0.0 and y <= 0.0:
                within |= 1 << k
            elif half_lon > WIDE_DEG:
                square = min(square, x_m * x_m + y_m * y_m)
            elif x_m > y_m:
                sides[0 if east > 0.0 else 1] = min(sides[0 if east > 0.0 else 1], x)
            else:
                sides[2 if north > 0.0 else 3] = min(sides[2 if north > 0.0 else 3], y)
        return np.uint64(within), (sides[0], sides[1], sides[2], sides[3]), square

    def four_within(rows: Floats, row: np.uint64, east: float, north: float) -> bool:
        """Whether ``east`` and ``north`` are within the four sides of a wearer's row (certificates.py).

        In ``f32``, west, east, south, north.
        """
        sides = rows[row, SIDES_FROM : SIDES_FROM + 2].view(np.float32)
        x, y = np.float32(east), np.float32(north)
        return bool(-x <= sides[0] and x <= sides[1] and -y <= sides[2] and y <= sides[3])

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

    def _chosen(name: str) -> Any:
        def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            kind = ir.FunctionType(_WORD, [_WORD, _WORD])
            return builder.call(builder.module.declare_intrinsic(name, (), kind), arguments)

        return generate

    @intrinsic
    def lesser(_typing: Any, _a: Any, _b: Any) -> Any:
        return types.int64(types.int64, types.int64), _chosen("llvm.smin.i64")

    @intrinsic
    def greater(_typing: Any, _a: Any, _b: Any) -> Any:
        return types.int64(types.int64, types.int64), _chosen("llvm.smax.i64")

    @intrinsic
    def truncated(_typing: Any, _number: Any) -> Any:
        def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return builder.fptosi(arguments[0], _WORD)

        return types.int64(types.float64), generate

    @intrinsic
    def lowest_bit(_typing: Any, _mask: Any) -> Any:
        def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            call = builder.module.declare_intrinsic(
                "llvm.cttz.i64", (), ir.FunctionType(_WORD, [_WORD, _FLAG])
            )
            return builder.call(call, [arguments[0], _FLAG(1)])

        return types.int64(types.uint64), generate

    @intrinsic
    def fetch_ahead(_typing: Any, rows: Any, _row: Any, _line: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            array = context.make_array(signature.args[0])(context, builder, arguments[0])
            offset = builder.mul(arguments[1], builder.extract_value(array.strides, 0))
            offset = builder.add(offset, builder.mul(arguments[2], _WORD(64)))
            byte, short = ir.IntType(8).as_pointer(), ir.IntType(32)
            kind = ir.FunctionType(ir.VoidType(), [byte, short, short, short])
            call = builder.module.declare_intrinsic("llvm.prefetch.p0", (), kind)
            place = builder.gep(builder.bitcast(array.data, byte), [offset])
            builder.call(call, [place, short(0), short(3), short(1)])
            return context.get_dummy_value()

        return types.none(rows, types.int64, types.int64), generate

    def _spread(builder: Any, number: Any) -> Any:
        lane = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), number, ir.IntType(32)(0))
        order = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        return builder.shuffle_vector(lane, ir.Constant(_VECTOR, ir.Undefined), order)

    def _squares(context: Any, builder: Any, signature: Any, arguments: Any, bowed: bool = False) -> Any:
        """The vector of squared distances from (x, y) to the chords of block ``b``, or to their bows."""
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
        if bowed:
            bow = builder.fmul(row(S_BOW), builder.fmul(t, builder.fsub(one, t)))
            dx, dy = builder.fadd(dx, builder.fmul(bow, vy)), builder.fsub(dy, builder.fmul(bow, vx))
        return builder.fadd(builder.fmul(dx, dx), builder.fmul(dy, dy))

    def _least_square(segments: Any, bowed: bool) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            squares = _squares(context, builder, signature, arguments, bowed)
            call = builder.module.declare_intrinsic(
                "llvm.vector.reduce.fmin.v8f64", (), ir.FunctionType(_DOUBLE, [_VECTOR])
            )
            return builder.call(call, [squares], fastmath=_NO_NAN)

        return types.float64(segments, types.int64, types.float64, types.float64), generate

    @intrinsic
    def block_square(_typing: Any, segments: Any, _b: Any, _x: Any, _y: Any) -> Any:
        return _least_square(segments, False)

    @intrinsic
    def block_bowed_square(_typing: Any, segments: Any, _b: Any, _x: Any, _y: Any) -> Any:
        return _least_square(segments, True)

    @intrinsic
    def block_within(_typing: Any, segments: Any, _b: Any, _x: Any, _y: Any, _square: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            squares = _squares(context, builder, signature, arguments)
            near = builder.fcmp_ordered("<=", squares, _spread(builder, arguments[4]))
            return builder.zext(builder.bitcast(near, ir.IntType(LANES)), _WORD)

        return types.uint64(segments, types.int64, types.float64, types.float64, types.float64), generate

    @intrinsic
    def four_within(_typing: Any, rows: Any, _row: Any, _east: Any, _north: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            array = context.make_array(signature.args[0])(context, builder, arguments[0])
            columns = builder.extract_value(array.shape, 1)
            place = builder.add(builder.mul(arguments[1], columns), _WORD(SIDES_FROM))
            four, short = ir.VectorType(ir.FloatType(), 4), ir.IntType(32)
            sides = builder.load(
                builder.bitcast(builder.gep(array.data, [place]), four.as_pointer()), align=8
            )
            asked = ir.Constant(four, ir.Undefined)
            for number, argument in enumerate(arguments[2:]):
                single = builder.fptrunc(argument, ir.FloatType())
                asked = builder.insert_element(asked, builder.fneg(single), short(2 * number))
                asked = builder.insert_element(asked, single, short(2 * number + 1))
            held = builder.fcmp_ordered("<=", asked, sides)
            return builder.icmp_unsigned("==", builder.bitcast(held, ir.IntType(4)), ir.IntType(4)(15))

        return types.boolean(rows, types.int64, types.float64, types.float64), generate

    def _constant(number: float) -> Any:
        return ir.Constant(_VECTOR, [number] * LANES)

    def _least_lane(builder: Any, chosen: Any, vector: Any, otherwise: float) -> Any:
        """The least of the chosen lanes."""
        kind = ir.FunctionType(_DOUBLE, [_VECTOR])
        call = builder.module.declare_intrinsic("llvm.vector.reduce.fmin.v8f64", (), kind)
        return builder.call(call, [builder.select(chosen, vector, _constant(otherwise))], fastmath=_NO_NAN)

    def _box_columns(context: Any, builder: Any, kind: Any, boxes: Any, row: Any, count: Any) -> list[Any]:
        """Middles and half extents of eight boxes, drawn from four loads of two rows each.

        Beyond ``count`` its last two stand again: the line after them is nobody's, and nobody fetched it.
        """
        array = context.make_array(kind)(context, builder, boxes)
        two, index = ir.VectorType(ir.FloatType(), 2 * BOX_COLUMNS), ir.IntType(32)
        last, loads = builder.and_(builder.sub(count, _WORD(1)), _WORD(-2)), []
        for pair in range(LANES // 2):
            beyond = builder.icmp_signed(">", _WORD(2 * pair), last)
            two_from = builder.add(row, builder.select(beyond, last, _WORD(2 * pair)))
            place = builder.gep(array.data, [builder.mul(two_from, _WORD(BOX_COLUMNS))])
            loads.append(builder.load(builder.bitcast(place, two.as_pointer()), align=4))

        def drawn(a: Any, b: Any, lanes: list[int]) -> Any:
            return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(index, len(lanes)), lanes))

        columns = []
        for column in (B_LON, B_LAT, B_HALF_LON, B_HALF_LAT):
            four = [column + BOX_COLUMNS * lane for lane in range(4)]
            halves = (drawn(loads[0], loads[1], four), drawn(loads[2], loads[3], four))
            columns.append(builder.fpext(drawn(*halves, list(range(LANES))), _VECTOR))
        return columns

    def _beside(builder: Any, columns: list[Any], count: Any, numbers: list[Any]) -> tuple[Any, ...]:
        """Flags of the boxes that hold the position, least sides and square; as the plain Python above."""
        lon, lat, lon_m, lat_m = (_spread(builder, number) for number in numbers)
        none, turn = _constant(0.0), _constant(360.0)
        sub, mul, select = builder.fsub, builder.fmul, builder.select

        def above(a: Any, b: Any) -> Any:
            return builder.fcmp_ordered(">", a, b)

        absolute = builder.module.declare_intrinsic(
            "llvm.fabs.v8f64", (), ir.FunctionType(_VECTOR, [_VECTOR])
        )
        east, north = sub(lon, columns[0]), sub(lat, columns[1])
        westward = select(above(_constant(-180.0), east), builder.fadd(east, turn), east)
        east = select(above(east, _constant(180.0)), sub(east, turn), westward)
        x = sub(builder.call(absolute, [east]), columns[2])
        y = sub(builder.call(absolute, [north]), columns[3])
        x_out, y_out = above(x, none), above(y, none)
        x_m, y_m = mul(select(x_out, x, none), lon_m), mul(select(y_out, y, none), lat_m)
        lane = ir.Constant(_VECTOR, [float(number) for number in range(LANES)])
        wanted = above(_spread(builder, builder.sitofp(count, _DOUBLE)), lane)
        out = builder.or_(x_out, y_out)
        beside, within = builder.and_(wanted, out), builder.and_(wanted, builder.not_(out))
        wide, along = above(columns[2], _constant(WIDE_DEG)), above(x_m, y_m)
        sided = builder.and_(beside, builder.not_(wide))
        row, column = builder.and_(sided, along), builder.and_(sided, builder.not_(along))
        to_east, to_north = above(east, none), above(north, none)
        chosen = (
            (builder.and_(row, to_east), x),
            (builder.and_(row, builder.not_(to_east)), x),
            (builder.and_(column, to_north), y),
            (builder.and_(column, builder.not_(to_north)), y),
        )
        sides = [_least_lane(builder, flags, gap, FAR_DEG) for flags, gap in chosen]
        squares = builder.fadd(mul(x_m, x_m), mul(y_m, y_m))
        return within, sides, _least_lane(builder, builder.and_(beside, wide), squares, math.inf)

    @intrinsic
    def boxes_beside(
        _typing: Any, boxes: Any, _row: Any, _count: Any, _lon: Any, _lat: Any, _lon_m: Any, _lat_m: Any
    ) -> Any:
        answer = types.Tuple((types.uint64, types.UniTuple(types.float64, 4), types.float64))

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            columns = _box_columns(context, builder, signature.args[0], *arguments[:3])
            within, sides, square = _beside(builder, columns, arguments[2], list(arguments[3:]))
            mask = builder.zext(builder.bitcast(within, ir.IntType(LANES)), _WORD)
            four = context.make_tuple(builder, types.UniTuple(types.float64, 4), sides)
            return context.make_tuple(builder, answer, (mask, four, square))

        return answer(boxes, types.int64, types.int64, *(types.float64,) * 4), generate

    _SINGLE, _SINGLES = ir.FloatType(), ir.VectorType(ir.FloatType(), LANES)

    def _spread_single(builder: Any, number: Any) -> Any:
        lane = ir.Constant(_SINGLES, ir.Undefined)
        lane = builder.insert_element(lane, builder.fptrunc(number, _SINGLE), ir.IntType(32)(0))
        order = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        return builder.shuffle_vector(lane, ir.Constant(_SINGLES, ir.Undefined), order)

    def _magnitude(builder: Any, vector: Any) -> Any:
        call = builder.module.declare_intrinsic("llvm.fabs.v8f32", (), ir.FunctionType(_SINGLES, [_SINGLES]))
        return builder.call(call, [vector])

    def _crossing_lanes(builder: Any, ends: Any, x: Any, y: Any, near: Any) -> tuple[Any, Any]:
        """Flags of the edges that are crossed, and of those too close to say."""
        ax, ay, bx, by = ends
        sub, mul = builder.fsub, builder.fmul

        def cross(a: Any, b: Any, c: Any, d: Any) -> Any:
            return sub(mul(a, d), mul(b, c))

        def above(a: Any, b: Any) -> Any:
            return builder.fcmp_ordered(">", a, b)

        none = ir.Constant(_SINGLES, [0.0] * LANES)
        dx, dy = sub(bx, ax), sub(by, ay)
        room = mul(near, builder.fadd(_magnitude(builder, dx), _magnitude(builder, dy)))
        middle = cross(ax, ay, dx, dy)
        point = cross(dx, dy, sub(x, ax), sub(y, ay))
        apart = builder.xor(above(cross(x, y, ax, ay), none), above(cross(x, y, bx, by), none))
        beside = None
        for at, a, b in ((x, ax, bx), (y, ay, by)):
            low = sub(_pair(builder, "llvm.minnum.v8f32", _SINGLES, a, b), near)
            high = builder.fadd(_pair(builder, "llvm.maxnum.v8f32", _SINGLES, a, b), near)
            out = builder.or_(above(low, at), above(at, high))
            beside = out if beside is None else builder.or_(beside, out)
        by_point = builder.fcmp_ordered("<=", _magnitude(builder, point), room)
        by_middle = builder.fcmp_ordered("<=", _magnitude(builder, middle), room)
        close = builder.or_(
            builder.and_(by_point, builder.or_(apart, builder.not_(beside))), builder.and_(by_middle, apart)
        )
        return builder.and_(apart, builder.xor(above(middle, none), above(point, none))), close

    @intrinsic
    def block_crossings(_typing: Any, edges: Any, _b: Any, _x: Any, _y: Any, _near: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            array = context.make_array(signature.args[0])(context, builder, arguments[0])
            start = builder.mul(arguments[1], _WORD(4 * LANES))
            ends = []
            for row in (C_AX, C_AY, C_BX, C_BY):
                place = builder.gep(array.data, [builder.add(start, _WORD(row * LANES))])
                ends.append(builder.load(builder.bitcast(place, _SINGLES.as_pointer()), align=4))
            at = [_spread_single(builder, number) for number in arguments[2:]]
            crossed, close = _crossing_lanes(builder, ends, *at)
            byte = ir.IntType(LANES)
            count = builder.module.declare_intrinsic("llvm.ctpop.i8", (), ir.FunctionType(byte, [byte]))
            odd = builder.and_(builder.call(count, [builder.bitcast(crossed, byte)]), byte(1))
            unsure = builder.icmp_unsigned("!=", builder.bitcast(close, byte), byte(0))
            return builder.zext(builder.select(unsure, byte(2), odd), _WORD)

        numbers = (types.float64, types.float64, types.float64)
        return types.int64(edges, types.int64, *numbers), generate
