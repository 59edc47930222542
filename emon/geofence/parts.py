"""Kernels that only kernels call, compiled as parts of those.

By itself Numba brings each function that another calls to machine code of its own, optimised together with
all that it calls in turn: a kernel ten calls deep is optimised ten times, and nine of the results are never
run. A *part* is typed and lowered, and left so. It is linked into the kernel that Python calls, and that is
optimised once, as a whole, and kept in the cache.

Most of the rest is Numba's typing in Python: for each of ten thousand operators it tries what that could
mean of lists, dates and arrays, until it comes to numbers. So while a kernel is compiled, what an operator
means of types it has met is remembered; and nobody looks for garbage meanwhile, of which there is little.

This is Numba's own compiler with another last step (``CompilerBase`` is its extension point, the libraries
are not); the version is locked. Numba has no types: hence what is ignored.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from numba import _dynfunc  # type: ignore[attr-defined]
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import InlineOverloads, NativeLowering, NopythonRewrites
from numba.core.types import Dispatcher, Function, Opaque
from numba.core.untyped_passes import DeadBranchPrune, FindLiterallyCalls, InlineInlinables, WithLifting


class _Part(JITCodeLibrary):
    """Lowered code without machine code. ``needed``: itself and all that it calls, each once."""

    needed: tuple[Any, ...]

    def finalize(self) -> None:
        needed: dict[Any, None] = {self: None}
        for library in self._linking_libraries:
            needed.update(dict.fromkeys(library.needed if isinstance(library, _Part) else (library,)))
        self.needed = tuple(needed)
        self._finalized = True


@register_pass(mutates_CFG=True, analysis_only=False)  # type: ignore[no-untyped-call]
class _PartLowering(NativeLowering):
    """Numba's lowering into a ``_Part``."""

    _name = "part_lowering"

    def run_pass(self, state: Any) -> bool:
        name = state.func_id.func_qualname
        part = state.library = _Part(state.targetctx.codegen(), name)  # type: ignore[no-untyped-call]
        state.flags.no_compile = True
        super().run_pass(state)  # type: ignore[no-untyped-call]
        part.finalize()
        lowered = state.cr
        # As of any function without a way in from Python: what callers know it by, and no address.
        module, address = lowered.fndesc.lookup_module(), 0
        entry = _dynfunc.make_function(module, name, "part of a kernel", address, lowered.env, (part,))
        state.targetctx.insert_user_function(entry, lowered.fndesc, part.needed)
        state.cr = lowered._replace(cfunc=entry)
        return True


_NEEDLESS = (
    DeadBranchPrune,
    FindLiterallyCalls,
    InlineInlinables,
    InlineOverloads,
    NopythonRewrites,
    WithLifting,
)
"""Passes for what no kernel has: arrays as operands, blocks in object mode, literals on demand."""


@contextmanager
def _remembering(context: Any) -> Iterator[None]:
    """Remember what operators and built-in functions mean, and let garbage be, until one kernel is compiled.

    Numba's lock of compiling is held, so that there is one such context at a time; of parts the kernel's.
    """
    if "resolve_function_type" in vars(context):
        yield
        return
    resolve, collects = context.resolve_function_type, gc.isenabled()
    known: dict[tuple[int, tuple[Any, ...]], tuple[Any, Any]] = {}

    def remembered(asked: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        plain = isinstance(asked, Function) or not isinstance(asked, Dispatcher | Opaque)
        if named or not plain:
            return resolve(asked, args, named)
        key = id(asked), args  # two equal types of functions each keep what they resolved
        found = known.get(key)
        if found is None:
            found = known[key] = resolve(asked, args, named), asked  # kept, so that no other has its id
        return found[0]

    context.resolve_function_type = remembered
    gc.disable()
    try:
        yield
    finally:
        del context.resolve_function_type
        if collects:
            gc.enable()


class KernelCompiler(CompilerBase):
    """Numba's passes of compiled code that kernels need."""

    lowering: type[Any] = NativeLowering

    def compile_extra(self, function: Any) -> Any:
        with _remembering(self.state.typingctx):
            return super().compile_extra(function)  # type: ignore[no-untyped-call]

    def define_pipelines(self) -> list[Any]:
        nopython = DefaultPassBuilder.define_nopython_pipeline(self.state)  # type: ignore[no-untyped-call]
        nopython.passes = [
            (self.lowering if step is NativeLowering else step, why)
            for step, why in nopython.passes
            if step not in _NEEDLESS
        ]
        nopython._finalized = False
        nopython.finalize()
        return [nopython]


class PartCompiler(KernelCompiler):
    """The same, but for the last: a part gets no machine code."""

    lowering = _PartLowering
