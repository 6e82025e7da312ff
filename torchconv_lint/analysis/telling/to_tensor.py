"""Where data becomes a tensor: the events that the rules about constructors hear."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.domain.conditions import CALLED, is_answer
from torchconv_lint.analysis.domain.devices import as_device
from torchconv_lint.analysis.domain.dtypes import dtype_fact
from torchconv_lint.analysis.domain.values import (
    ACCELERATOR,
    Alt,
    Array,
    Bound,
    Const,
    Device,
    External,
    Fact,
    Mapping,
    Number,
    Opaque,
    Sequence,
    Step,
    Tensor,
    each,
    just,
)
from torchconv_lint.analysis.telling.events import DoubleKept, KeywordRefused, LegacyPlaced, ToTensor
from torchconv_lint.analysis.telling.observations import are_observations, goes_to_data_set, goes_to_module, is_of_frame
from torchconv_lint.analysis.telling.shapes_given import tell_shape
from torchconv_lint.analysis.telling.wherever import is_like_one_asked, is_part_of_input
from torchconv_lint.constructing import REFUSED
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchconv_lint.analysis.domain.frame import Argument, Arguments, Frame
    from torchconv_lint.analysis.domain.values import Kind, Value
    from torchconv_lint.analysis.nodes.site import Site

CONVERSIONS = frozenset({"from_numpy", "tensor", "as_tensor", "asarray"})


def tell_refused(frame: Frame, function: str, arguments: Arguments, node: cst.CSTNode) -> None:
    """A keyword that the function does not take."""
    known = REFUSED.get(function, REFUSED["Tensor"])
    for keyword in arguments.keywords:
        if keyword in known:
            instead = "as_tensor" if function == "from_numpy" and keyword != "requires_grad" else "tensor"
            frame.emit(KeywordRefused(frame.site(node), function, keyword, instead))
            frame.fail()


def tell_placed(frame: Frame, function: str, arguments: Arguments, node: cst.CSTNode) -> None:
    """`torch.Tensor(3, device=d)` and `torch.FloatTensor(x)` know no device but the CPU."""
    if not frame.interpreter.facts.leaves_tensors_on_host:  # then they know no other but that
        return
    named = arguments.keywords.get("device")
    if named is not None:
        for kind, _ in as_device(frame, named.value, named.node):
            if isinstance(kind, Device) and (kind.fact is None or kind.fact.value == ACCELERATOR):
                fact = kind.fact or _any_place(frame, named.node)
                frame.emit(LegacyPlaced(frame.site(node), function, frame.text(named.node), fact, True))
            elif isinstance(kind, Opaque | Bound) and frame.interpreter.eager:
                fact = _any_place(frame, named.node)
                frame.emit(LegacyPlaced(frame.site(node), function, frame.text(named.node), fact, True, untold=True))
        return
    given = arguments.get(0)
    if given is None or function == "Tensor" or arguments.count > 1:
        return
    for kind, _ in given.value:
        place = kind.device if isinstance(kind, Tensor) else None
        if place is not None and place.value == ACCELERATOR:
            frame.emit(LegacyPlaced(frame.site(node), function, frame.text(given.node), place, False))


def _any_place(frame: Frame, node: cst.CSTNode) -> Fact:
    """A device is named for what would be on the CPU anyway: it is not always the CPU."""
    step = Step(frame.site(node), f"`{frame.text(node)}` may be an accelerator")
    return Fact(ACCELERATOR, step, Confidence.LIKELY)


def converting_site(fact: Fact) -> Site | None:
    """The last conversion to a tensor that a dtype has gone through."""
    step = fact.step
    while step is not None:
        func = step.site.node.func if type(step.site.node) is cst.Call else None
        name = func.attr.value if type(func) is cst.Attribute else getattr(func, "value", "")
        if name in CONVERSIONS:
            return step.site
        step = step.before
    return None


def beside_float32(frame: Frame, value: Value, node: cst.CSTNode) -> Value:
    """Arrays that one branch has made float32, and another one has left as NumPy makes them: float64, perhaps."""
    arrays = [kind for kind, _ in value if isinstance(kind, Array)]
    asked = [kind.dtype for kind in arrays if kind.dtype is not None and kind.dtype.value == "float32"]
    if not asked:
        return value
    double = Fact("float64", asked[0].step, Confidence.POSSIBLE)
    double = double.then(frame.site(node), "on one branch it is float32, on another one what NumPy makes it")

    def change(kind: Kind) -> Kind:
        untold = isinstance(kind, Array) and kind.dtype is None and kind.path is None
        return replace(kind, dtype=double) if isinstance(kind, Array) and untold else kind

    return each(value, change)


def _given(value: Value) -> Iterator[Kind]:
    """The values, and what a tuple or a dict hands over of them."""
    for kind, _ in value:
        parts: tuple[Value, ...] = ()
        if isinstance(kind, Sequence) and kind.items is not None and not kind.mutable:
            parts = kind.items
        elif isinstance(kind, Mapping):
            parts = tuple(item for _, item in kind.items)
        for part in parts:
            yield from _given(part)
        yield kind


def tell_double(frame: Frame, value: Value, where: str, node: cst.CSTNode) -> None:
    """A value leaves for `where`. Only in files that never speak of float64: there nobody has asked for it."""
    if not frame.interpreter.wants.doubles:
        return
    for kind in _given(value):
        dtype = kind.dtype if isinstance(kind, Tensor) else None
        site = converting_site(dtype) if dtype is not None and dtype.value == "float64" else None
        if dtype is not None and site is not None and site.segment is frame.segment:
            frame.emit(DoubleKept(site, dtype, where, frame.site(node)))


def tell_to_tensor(
    frame: Frame, argument: Argument | None, via: str, node: cst.CSTNode, arguments: Arguments | None = None
) -> None:
    """The argument becomes a tensor. Of something unknown, only `from_numpy` tells what it must be: an ndarray."""
    if argument is None:
        return
    chosen = arguments.get(1, "dtype") if arguments is not None and via in ("as_tensor", "asarray") else None
    if chosen is None and arguments is not None:
        chosen = arguments.keywords.get("dtype")
    fact = dtype_fact(chosen.value) if chosen is not None else None
    dtype = str(fact.value) if fact is not None else None
    site, subject = frame.site(node), frame.site(argument.node)
    if frame.interpreter.eager and via == "tensor":
        floating = chosen is not None and (dtype is None or "float" in dtype)
        tell_shape(frame, argument.node, via, node, floating=floating)
    if frame.interpreter.eager and dtype is None and via in ("from_numpy", "tensor", "as_tensor"):
        _tell_observation(frame, argument, node)
        if chosen is None and (where := _goes_untold(frame, node, argument.node)):
            double = Fact("float64", confidence=Confidence.LIKELY)
            frame.emit(DoubleKept(site, double, where, site, untold=True))
    if frame.interpreter.eager and via not in ("from_numpy", "indexing") and are_observations(frame, argument.node):
        rows = Sequence(None, just(Array()))
        frame.emit(ToTensor(site, rows, subject, via, Confidence.LIKELY, dtype, chosen is not None))
    for kind, _ in argument.value:
        source, sure = kind, Confidence.CERTAIN
        if isinstance(kind, External) and frame.interpreter.eager and _is_data_set(frame, kind, argument.node):
            source, sure = Sequence(None, just(Array())), Confidence.LIKELY  # it is gone through, row by row
        if isinstance(kind, Opaque):
            if kind.array is None:
                known = is_part_of_input, is_like_one_asked
                if via == "tensor" and frame.interpreter.eager and any(is_(frame, argument.node) for is_ in known):
                    frame.emit(ToTensor(site, Tensor(), subject, via, Confidence.LIKELY, dtype, chosen is not None))
                continue
            source, sure = kind.array, Confidence.CERTAIN if via == "from_numpy" else Confidence.POSSIBLE
        elif len(argument.value) > 1 and not any(alt_is_guarded(alt) for alt in argument.value):
            sure = Confidence.LIKELY  # one of several things it may be
        alone = len(argument.value) == 1 or (not isinstance(kind, Tensor) and _is_chosen(argument.value))
        copied = arguments is not None and "copy" in arguments.keywords
        readonly = isinstance(source, Array) and source.readonly is not None
        hushed = readonly and (copied or _wants_no_warnings(frame, node))
        frame.emit(ToTensor(site, source, subject, via, sure, dtype, chosen is not None, alone, hushed))


def _goes_untold(frame: Frame, node: cst.CSTNode, given: cst.CSTNode) -> str:
    """Where float64 goes of which the source is known for that, and nothing else tells it; "" if it does not."""
    if is_of_frame(frame, node, given):
        return "float32 data"
    return "a data set" if goes_to_data_set(frame, node, given) else ""


def _is_data_set(frame: Frame, kind: External, node: cst.CSTNode) -> bool:
    """Whether it is a data set of an h5py file, by its name: `group["positions"]`."""
    origin = frame.segment.origin(node)
    key = origin.slice if isinstance(origin, ast.Subscript) else None
    named = isinstance(key, ast.JoinedStr) or (isinstance(key, ast.Constant) and isinstance(key.value, str))
    return kind.name == "h5py.File()" and named


def _tell_observation(frame: Frame, argument: Argument, node: cst.CSTNode) -> None:
    """An array of which only a caller, or an environment, knows the dtype goes to a module as it is."""
    call, given = frame.segment.origin(node), frame.segment.origin(argument.node)
    known = any(isinstance(kind, Tensor | Number | Const | Sequence) for kind, _ in argument.value)
    known = known or any(isinstance(kind, Array) and kind.dtype is not None for kind, _ in argument.value)
    if known or not isinstance(call, ast.expr) or not isinstance(given, ast.expr):
        return
    module = goes_to_module(frame, call, given)
    if module:
        site = frame.site(node)
        frame.emit(DoubleKept(site, Fact("float64", confidence=Confidence.LIKELY), f"`{module}`", site, untold=True))


def _wants_no_warnings(frame: Frame, node: cst.CSTNode) -> bool:
    """Whether it stands in a `with warnings.catch_warnings():` that ignores some."""
    outline = frame.definition.outline_around if frame.definition is not None else None
    line = getattr(frame.segment.origin(node), "lineno", 0)
    for block in outline.by_type[ast.With] if outline is not None else ():
        catches = any("catch_warnings" in ast.unparse(item.context_expr) for item in block.items)
        if catches and block.lineno <= line <= (block.end_lineno or line):
            return any(isinstance(part, ast.Constant) and part.value == "ignore" for part in ast.walk(block))
    return False


def _is_chosen(value: Value) -> bool:
    """Whether the code has chosen between things that are all known."""
    return all(alt_is_guarded(alt) and not isinstance(alt.kind, Opaque) for alt in value)


def alt_is_guarded(alt: Alt) -> bool:
    """Whether the alternative holds only under some condition that has a name."""
    return any(not is_answer(key, CALLED) for key, _ in alt.when)
