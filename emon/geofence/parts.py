"""Kernels that only kernels call, compiled as parts of those.

By itself Numba brings each function that another calls to machine code of its own, optimised together with
all that it calls in turn: a kernel ten calls deep is optimised ten times, and nine of the results are never
run. A *part* is typed and lowered, and left so. It is linked into the kernel that Python calls, and that is
optimised once, as a whole, and kept in the cache.

Most of the rest is Numba's typing in Python: for each of ten thousand operators it tries what that could
mean of lists, dates and arrays, until it comes to numbers. So while a kernel is compiled, what an operator
means of types it has met is remembered; and nobody looks for garbage meanwhile, of which there is little.
A table's arrays go from kernel to kernel as one value: taken apart into a hundred words and put together
again at each call, as Numba has it, they were a tenth of all that was lowered.

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
from numba.core.datamodel import models
from numba.core.datamodel.registry import register_default
from numba.core.postproc import PostProcessor, VariableLifetime
from numba.core.transforms import canonicalize_cfg
from numba.core.typed_passes import (
    AnnotateTypes,
    InlineOverloads,
    IRLegalization,
    NativeLowering,
    NopythonRewrites,
)
from numba.core.types import BaseFunction, Dispatcher, Function, NamedTuple, Opaque
from numba.core.typing.typeof import typeof_impl
from numba.core.untyped_passes import (
    DeadBranchPrune,
    FindLiterallyCalls,
    InlineClosureLikes,
    InlineInlinables,
    LiteralPropagationSubPipelinePass,
    LiteralUnroll,
    MakeFunctionToJitFunction,
    RewriteDynamicRaises,
    WithLifting,
)

from emon.geofence.indexing import element_access
from emon.geofence.layout import ZoneArrays


class _Zones(NamedTuple):
    """The type of ``ZoneArrays`` to Numba."""


@typeof_impl.register(ZoneArrays)
def _type_of_zones(arrays: ZoneArrays, context: Any) -> _Zones:
    return _Zones([typeof_impl(array, context) for array in arrays], ZoneArrays)  # type: ignore[no-untyped-call]


@register_default(_Zones)
class _AsOne(models.TupleModel):
    """As any tuple, but one value when it is an argument."""

    def get_argument_type(self) -> Any:
        return self.get_value_type()  # type: ignore[no-untyped-call]

    def as_argument(self, builder: Any, value: Any) -> Any:
        return value

    def from_argument(self, builder: Any, value: Any) -> Any:
        return value


class _Part(JITCodeLibrary):
    """Lowered code without machine code. ``needed``: itself and all that it calls, each once."""

    needed: tuple[Any, ...]

    def finalize(self) -> None:
        needed: dict[Any, None] = {self: None}
        for library in self._linking_libraries:
            needed.update(dict.fromkeys(library.needed if isinstance(library, _Part) else (library,)))
        self.needed = tuple(needed)
        self._finalized = True


class _Kernel(JITCodeLibrary):
    """Machine code of a kernel and its parts, optimised once; Numba does so twice, to count arrays."""

    def _optimize_final_module(self) -> None:
        passes, builder = self._codegen._module_pass_manager()  # type: ignore[no-untyped-call]
        with self._recorded_timings.record("Module passes (full optimization)", builder):
            passes.run(self._final_module, builder)


@register_pass(mutates_CFG=True, analysis_only=False)  # type: ignore[no-untyped-call]
class _KernelLowering(NativeLowering):
    """Numba's lowering into a ``_Kernel``."""

    _name = "kernel_lowering"

    def run_pass(self, state: Any) -> bool:
        name = state.func_id.func_qualname
        state.library = _Kernel(state.targetctx.codegen(), name)  # type: ignore[no-untyped-call]
        state.library.enable_object_caching()
        return bool(super().run_pass(state))  # type: ignore[no-untyped-call]


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


@register_pass(mutates_CFG=False, analysis_only=True)  # type: ignore[no-untyped-call]
class _Legal(IRLegalization):
    """Numba's last look before it lowers; no end is noted of each variable where nobody counts arrays."""

    _name = "kernel_legalization"

    def run_pass(self, state: Any) -> bool:
        if state.flags.nrt:
            return bool(super().run_pass(state))  # type: ignore[no-untyped-call]
        PostProcessor(state.func_ir).run()  # type: ignore[no-untyped-call]
        return True


_NEEDLESS = (
    AnnotateTypes,
    DeadBranchPrune,
    FindLiterallyCalls,
    InlineClosureLikes,
    InlineInlinables,
    InlineOverloads,
    LiteralPropagationSubPipelinePass,
    LiteralUnroll,
    MakeFunctionToJitFunction,
    NopythonRewrites,
    RewriteDynamicRaises,
    WithLifting,
)
"""Passes for what no kernel has: arrays as operands, functions within, blocks in object mode, literals on
demand; and a listing that nobody reads."""


_run_wholly: Any = PostProcessor.run


def _run_briefly(of: PostProcessor, emit_dels: bool = False, extend_lifetimes: bool = False) -> None:
    """Numba's work between passes, without which variables live where, which only generators ask."""
    if of.func_ir.is_generator:
        _run_wholly(of, emit_dels, extend_lifetimes)
        return
    of.func_ir.blocks = canonicalize_cfg(of.func_ir.blocks)  # type: ignore[no-untyped-call]
    of.func_ir.variable_lifetime = VariableLifetime(of.func_ir.blocks)  # type: ignore[no-untyped-call]
    of.func_ir.generator_info = None
    if emit_dels:
        of._insert_var_dels(extend_lifetimes=extend_lifetimes)  # type: ignore[no-untyped-call]


def _nothing_more() -> None:
    """In place of looking what else can be compiled, once that is known."""


@contextmanager
def _replaced(*changes: tuple[Any, str, Any]) -> Iterator[None]:
    """Numba's own replaced for a time: of whom, what, and by what. What was there is put back."""
    before = [(owner, name, vars(owner).get(name, _replaced)) for owner, name, _ in changes]
    try:
        for change in changes:
            setattr(*change)
        yield
    finally:
        for owner, name, value in before:
            if value is _replaced:
                delattr(owner, name)
            else:
                setattr(owner, name, value)


@contextmanager
def _remembering(context: Any, target: Any) -> Iterator[None]:
    """Remember what operators mean and how large types are, and let garbage be, until one kernel is compiled.

    Numba's lock of compiling is held, so that there is one such context at a time; of parts the kernel's.
    Each part has a copy of the target's context, so what all do is replaced for their class.
    """
    if "resolve_function_type" in vars(context):
        yield
        return
    resolve, collects, targets = context.resolve_function_type, gc.isenabled(), type(target)
    size_of, lowered, sizes = targets.get_abi_sizeof, targets.get_function, dict[Any, int]()
    known: dict[tuple[int, tuple[Any, ...]], tuple[Any, Any]] = {}
    meaning = BaseFunction.get_call_type
    meanings = vars(context).setdefault(
        "meanings", {}
    )  # as long as Numba's own: no type changes what it means

    def resolved(asked: Any, of_context: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """As ``remembered``: lowering asks so too, and the next kernel again."""
        if named or of_context is not context:
            return meaning(asked, of_context, args, named)
        key = id(asked), args
        found = meanings.get(key)
        if found is None:
            found = meanings[key] = meaning(asked, of_context, args, named), asked
        return found[0]

    def remembered(asked: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        plain = isinstance(asked, Function) or not isinstance(asked, Dispatcher | Opaque)
        if named or not plain:
            return resolve(asked, args, named)
        key = id(asked), args  # two equal types of functions each keep what they resolved
        found = known.get(key)
        if found is None:
            found = known[key] = resolve(asked, args, named), asked  # kept, so that no other has its id
        return found[0]

    def size(of_target: Any, of: Any) -> int:
        if of not in sizes:
            sizes[of] = size_of(of_target, of)
        return sizes[of]

    def chosen(of_target: Any, asked: Any, signature: Any, _firstcall: bool = True) -> Any:
        access = element_access(of_target, asked, signature)
        return access or lowered(of_target, asked, signature, _firstcall)

    target.refresh()
    gc.disable()
    try:
        with _replaced(
            (context, "resolve_function_type", remembered),
            (context, "load_additional_registries", _nothing_more),
            (target, "load_additional_registries", _nothing_more),
            (targets, "get_abi_sizeof", size),
            (targets, "get_function", chosen),
            (BaseFunction, "get_call_type", resolved),
            (PostProcessor, "run", _run_briefly),
        ):
            yield
    finally:
        if collects:
            gc.enable()


class KernelCompiler(CompilerBase):
    """Numba's passes of compiled code that kernels need."""

    lowering: type[Any] = _KernelLowering
    """In place of Numba's last step, as ``_Legal`` is of the one before."""

    def compile_extra(self, function: Any) -> Any:
        with _remembering(self.state.typingctx, self.state.targetctx):
            return super().compile_extra(function)  # type: ignore[no-untyped-call]

    def define_pipelines(self) -> list[Any]:
        nopython = DefaultPassBuilder.define_nopython_pipeline(self.state)  # type: ignore[no-untyped-call]
        nopython.passes = [
            ({NativeLowering: self.lowering, IRLegalization: _Legal}.get(step, step), why)
            for step, why in nopython.passes
            if step not in _NEEDLESS
        ]
        nopython._finalized = False
        nopython.finalize()
        return [nopython]


class PartCompiler(KernelCompiler):
    """The same, but for the last: a part gets no machine code."""

    lowering = _PartLowering
