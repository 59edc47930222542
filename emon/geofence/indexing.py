"""How a kernel reads and writes one number of an array: by its place alone.

Numba takes an array apart into memory of its own at each access, asks of each index whether it counts from
the end, and finds the place by strides: some tens of instructions to lower, of which LLVM takes most away
again. No kernel counts from the end, and all arrays are C-contiguous (columns.py): so the place is one
product an axis. With bounds checked (``NUMBA_BOUNDSCHECK``) an index from the end is refused as one beyond
it, which shows that there is none.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from numba.core import cgutils
from numba.core.types import Array, Integer, Number, Tuple, UniTuple, intp
from numba.np.arrayobj import load_item, store_item

_Lowered = Callable[[Any, Any], Any]


def element_access(context: Any, asked: Any, signature: Any) -> _Lowered | None:
    """How an element is read or written, where that is ``asked`` and array and index are as kernels have."""
    if asked in ("static_getitem", "static_setitem") and isinstance(signature.args[0], Array):
        raise NotImplementedError(
            "a number known beforehand is an index as any: so Numba ends, too, but later"
        )
    key = getattr(asked, "typing_key", None)
    if key is not operator.getitem and key is not operator.setitem:
        return None
    of, index = signature.args[:2]
    many = isinstance(index, Tuple | UniTuple)
    axes = index.types if many else (index,)
    plain = isinstance(of, Array) and of.layout == "C" and isinstance(of.dtype, Number)
    if not plain or len(axes) != of.ndim or not all(isinstance(axis, Integer) for axis in axes):
        return None

    def place(builder: Any, array: Any, given: Any) -> Any:
        numbers = [builder.extract_value(given, k) for k in range(len(axes))] if many else [given]
        return _place(context, builder, of, array, list(zip(axes, numbers, strict=True)))

    def read(builder: Any, arguments: Any) -> Any:
        return load_item(context, builder, of, place(builder, *arguments))  # type: ignore[no-untyped-call]

    def write(builder: Any, arguments: Any) -> None:
        value = context.cast(builder, arguments[2], signature.args[2], of.dtype)
        store_item(context, builder, of, value, place(builder, *arguments[:2]))  # type: ignore[no-untyped-call]

    return read if key is operator.getitem else write


def _place(context: Any, builder: Any, of: Array, array: Any, given: list[tuple[Any, Any]]) -> Any:
    """Pointer to an element."""
    model = context.data_model_manager[of]
    at, shape = None, model.get_field_position("shape")
    for axis, (kind, number) in enumerate(given):
        step = context.cast(builder, number, kind, intp)
        if context.enable_boundscheck:
            size = builder.extract_value(array, [shape, axis])
            cgutils.do_boundscheck(context, builder, step, size, axis)  # type: ignore[no-untyped-call]
        if at is not None:
            size = builder.extract_value(array, [shape, axis])
            at = builder.add(builder.mul(at, size, flags=["nsw"]), step, flags=["nsw"])
        else:
            at = step
    return builder.gep(builder.extract_value(array, model.get_field_position("data")), [at])
