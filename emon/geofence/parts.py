"""Kernels that only kernels call, compiled as parts of those.

By itself Numba brings each function that another calls to machine code of its own, optimised together with
all that it calls in turn: a kernel ten calls deep is optimised ten times, and nine of the results are never
run. A *part* is typed and lowered, and left so. It is linked into the kernel that Python calls, and that is
optimised once, as a whole, and kept in the cache.

This is Numba's own compiler with another last step (``CompilerBase`` is its extension point, the libraries
are not); the version is locked. Numba has no types: hence what is ignored.
"""

from __future__ import annotations

from typing import Any

from numba import _dynfunc  # type: ignore[attr-defined]
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering


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


class PartCompiler(CompilerBase):
    """Numba's passes of compiled code, but for the last."""

    def define_pipelines(self) -> list[Any]:
        nopython = DefaultPassBuilder.define_nopython_pipeline(self.state)  # type: ignore[no-untyped-call]
        nopython.passes = [
            (_PartLowering if step is NativeLowering else step, why) for step, why in nopython.passes
        ]
        nopython._finalized = False
        nopython.finalize()
        return [nopython]
