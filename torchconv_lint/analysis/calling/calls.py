"""Calls: who is called, with what, and what comes back."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.calling import (
    builtin_calls,
    library_calls,
    module_calls,
    numpy_calls,
    supposing,
    torch_calls,
)
from torchconv_lint.analysis.calling.array_methods import call_array_method
from torchconv_lint.analysis.calling.binding import is_refused
from torchconv_lint.analysis.calling.carrying import carried, carries
from torchconv_lint.analysis.calling.enriching import supposed
from torchconv_lint.analysis.calling.moving import moved_by
from torchconv_lint.analysis.calling.tensor_methods import CASTS, call_tensor_method, of_a_tensor
from torchconv_lint.analysis.calling.transforms import TRANSFORMS, apply
from torchconv_lint.analysis.computing import distributions
from torchconv_lint.analysis.computing.tensors import computed, operands_in
from torchconv_lint.analysis.domain import sparse
from torchconv_lint.analysis.domain.frame import Argument, Arguments, Frame
from torchconv_lint.analysis.domain.iteration import element_of, flattened
from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.terms import ARRAY, LIST, NUMBER
from torchconv_lint.analysis.domain.values import (
    NONE,
    NOTHING,
    OPAQUE,
    UNKNOWN,
    Alt,
    Array,
    Bound,
    Class,
    Const,
    Device,
    Distribution,
    Dtype,
    External,
    Fact,
    Foreign,
    Function,
    Instance,
    Kind,
    Loader,
    Mapping,
    Module,
    Number,
    Opaque,
    Optimizer,
    Sequence,
    Tensor,
    Transformed,
    Transformer,
    Value,
    When,
    deeply,
    each,
    join,
    just,
    possible,
    under,
)
from torchconv_lint.analysis.nodes.names import dotted_path, receiver_of
from torchconv_lint.analysis.semantics import classes
from torchconv_lint.analysis.semantics.assign import write_back
from torchconv_lint.analysis.syntax.evidence import data_methods, tensor_only_methods
from torchconv_lint.analysis.syntax.gradmode import is_custom_function
from torchconv_lint.analysis.syntax.patterns import LIKE_A_MODULE, is_snapshot
from torchconv_lint.analysis.telling.adopted import tell_argument_kept
from torchconv_lint.analysis.telling.conversions import of_some_size, tell_implicit, tell_unknown
from torchconv_lint.analysis.telling.copies import may_wait, tell_unawaited, waited
from torchconv_lint.analysis.telling.cuts import inherited, without_others_cuts
from torchconv_lint.analysis.telling.going_back import computes_loss, tell_backward, went_back
from torchconv_lint.analysis.telling.graph import requires
from torchconv_lint.analysis.telling.kept_graphs import contained, escape
from torchconv_lint.analysis.telling.loops import trains
from torchconv_lint.analysis.telling.other_modules import moved_away
from torchconv_lint.analysis.telling.reads import tell_arguments, tell_read, writes_text
from torchconv_lint.analysis.telling.snapshots import tell_alias
from torchconv_lint.analysis.telling.to_tensor import tell_double
from torchconv_lint.code_forms import SIZE_METHODS
from torchconv_lint.knowledge import numpy_ops
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LIKE_A_PIPELINE = re.compile(r"(^|[._])pipe(line)?s?\d*(_\w+)?$", re.I)
"""Names of what is moved like a module and gives results made for the host: images, arrays, text."""

_OF_A_MODULE = frozenset(
    {"eval", "parameters", "named_parameters", "named_modules", "named_buffers", "state_dict", "load_state_dict"}
)
"""Methods whose call tells that an unknown object is an nn.Module (optimisers have a state_dict too: see names)."""

_OF_OTHERS = frozenset({"state_dict", "load_state_dict"})
"""Methods that data loaders, optimisers and schedulers have too: the object's name has to say that it is a module."""

_COMPUTED = (cst.Comparison, cst.BinaryOperation)
"""`(x > 0).float()`: what a comparison or a sum gives, and can be cast so, is a tensor."""

_OF_A_MAPPING = frozenset({"values", "keys", "items", "get", "pop", "copy", "index", "count", "update", "append"})


_NO_METHODS = frozenset({"is_cuda", "is_leaf", "requires_grad", "shape", "ndim", "dtype", "device", "data"})
"""What a tensor has, and cannot be called."""

_TELLS = re.compile(r"(num|number|n|is|has|count|len)_|\w+_(names?|types?|counts?)$")
"""Methods of graphs, batches and other collections that were moved to a device, but tell numbers and names."""

_DRAWS = frozenset({"sample", "sample_n"})
"""Methods of distributions that draw: without grad as a rule, unlike `rsample`, which asks for it."""

_MORE_RESULTS = frozenset({"return_index", "return_inverse", "return_counts"})


def call(frame: Frame, node: cst.Call) -> Value:
    """The value of a call."""
    if type(node.func) is cst.Attribute:
        value = _call_attribute(frame, node, node.func)
        return UNKNOWN if _gives_several(node) else value
    callee = frame.evaluate(node.func)
    arguments = evaluate_arguments(frame, node)
    if frame.interpreter.wants.copies and type(node.func) is cst.Name and may_wait(node.func.value):
        waited(frame, node)
    if type(node.func) is cst.Name:
        if any(computes_loss(kind) for kind, _ in callee):
            frame.interpreter.shared.graphs.rooted.add(node)
        tell_backward(frame, node.func.value, arguments, node)
    if len(callee) == 1:
        value = each(callee, lambda kind: call_kind(frame, kind, arguments, node)) or UNKNOWN
    else:
        ways = _Ways(frame)
        for alt in callee:
            fitting = _fitting(alt, callee, arguments)
            if fitting is not None:
                ways.go(alt.when, functools.partial(call_kind, frame, alt.kind, fitting, node))
        ways.meet()
        value = join(*ways.results) if ways.results else UNKNOWN
    return without_others_cuts(value or UNKNOWN, arguments, node)


class _Ways:
    """The alternatives of what is called, one after the other: what one raises, the others need not; what has turned
    out on the way holds if it has in all that come to an end."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.results: list[Value] = []
        self._start = frame.state.path
        self._paths: list[When] = []
        self._tried = False

    def go(self, when: When, make: Callable[[], Kind | Value]) -> None:
        """Call one."""
        frame = self.frame
        frame.state.path, self._tried = self._start, True
        result = make()
        if frame.alive:
            self._paths.append(frame.state.path)
            self.results.append(under(just(result) if isinstance(result, Kind) else result, when))
        frame.alive = True

    def meet(self) -> None:
        """All have been called."""
        if self._paths:
            self.frame.state.path = frozenset.intersection(*self._paths)
        elif self._tried:
            self.frame.fail()


def _fitting(alt: Alt, all_alternatives: Value, arguments: Arguments) -> Arguments | None:
    """The arguments that go with one alternative of what is called, or of whose method is; None if they cannot.

    Where the code chooses between torch and NumPy (`xp = torch if … else np`), it chooses by what its data is: NumPy
    gets no tensors then, even if they are not what the choice asked about.
    """
    if alt.when:
        fitting = arguments.changed(lambda value: possible(value, alt.when))
        if any(before and not after for before, after in zip(arguments.values, fitting.values, strict=False)):
            return None
        arguments = fitting
    packages = {kind.name.partition(".")[0] for kind, _ in all_alternatives if isinstance(kind, External)}
    if isinstance(alt.kind, External) and alt.kind.name.startswith("numpy") and "torch" in packages:
        arguments = arguments.changed(lambda value: deeply(value, _without_tensor))
    return arguments


def _without_tensor(kind: Kind) -> Kind:
    return OPAQUE if isinstance(kind, Tensor) or (isinstance(kind, Opaque) and kind.guess is not None) else kind


def _gives_several(node: cst.Call) -> bool:
    """`unique(x, return_index=True)`: a tuple, whose parts are of different kinds."""
    return any(argument.keyword is not None and argument.keyword.value in _MORE_RESULTS for argument in node.args)


def _methods(frame: Frame, owner: Value, name: str) -> Iterator[Function]:
    """The methods of the project that a name may stand for."""
    for kind, _ in owner:
        found = frame.interpreter.classes.method(kind.definition, name) if isinstance(kind, Instance) else None
        if found is not None:
            yield Function(found[0], kind)


_ENVIRONMENT = re.compile(r"(^|[._])(env|envs|venv|vec_env|environment|gym_env|eval_env|test_env)\.step$")
"""The method of an environment that takes an action, as an array or a number as a rule."""


def _call_attribute(frame: Frame, node: cst.Call, func: cst.Attribute) -> Value:
    path = dotted_path(func)
    known = frame.read(path) if path is not None else None
    name = func.attr.value
    if known is not None:
        arguments = evaluate_arguments(frame, node)
        tell_backward(frame, name, arguments, node)
        return each(known, lambda kind: call_kind(frame, kind, arguments, node)) or UNKNOWN
    silent = name.endswith("_") and not name.startswith(
        "_"
    )  # an in-place method writes: that is no use of the contents
    owner = frame.at(func.value) if silent else frame.evaluate(func.value)
    arguments = evaluate_arguments(frame, node)
    if name in _NO_METHODS and owner and all(isinstance(kind, Tensor) for kind, _ in owner):
        frame.fail()  # TypeError: it is not callable
        return UNKNOWN
    if "backward" in name and any(computes_loss(method) for method in _methods(frame, owner, name)):
        frame.interpreter.shared.graphs.rooted.add(node)
    tell_backward(frame, name, arguments, node)
    if name == "step" and frame.interpreter.eager and arguments.positional and _ENVIRONMENT.search(path or ""):
        tell_implicit(frame, arguments.value(0), arguments.positional[0].node, f"`{frame.text(func)}`", node)
    if name in ("append", "extend") and frame.interpreter.wants.arguments and arguments.positional:
        tell_argument_kept(frame, func.value, arguments.positional[0].node)
    if frame.tracks and name == "append" and arguments.positional:
        tell_alias(frame, arguments.positional[0].value, arguments.positional[0].node, frame.text(func.value))
    if (frame.loops or frame.trace is not None or frame.state.underway.copies) and writes_text(func):
        tell_arguments(frame, arguments, node, name)
    if frame.interpreter.wants.copies and (may_wait(name) or name == "cpu" or (name == "query" and not node.args)):
        waited(frame, node)
    elif name in ("to", "_to") and frame.interpreter.wants.copies and frame.interpreter.eager:
        tell_unawaited(frame, node)
    if len(owner) == 1:  # as a rule
        frame.written_back = None
        made = call_method(frame, owner[0].kind, name, arguments, node, func)
        result = under(just(made) if isinstance(made, Kind) else made, owner[0].when)
        back = frame.taken_back()
        if back is not None:
            write_back(frame, func.value, under(back, owner[0].when))
        return without_others_cuts(result, arguments, node)
    ways, changed = _Ways(frame), False
    after: list[Value] = []
    for alt in of_some_size(owner) if name == "item" else owner:
        fitting = _fitting(alt, owner, arguments)
        if fitting is None:
            after.append((alt,))
            continue
        frame.written_back = None
        ways.go(alt.when, functools.partial(call_method, frame, alt.kind, name, fitting, node, func))
        back = frame.taken_back()
        changed = changed or back is not None
        after.append((alt,) if back is None else under(back, alt.when))
    ways.meet()
    if changed:
        write_back(frame, func.value, join(*after))
    return without_others_cuts(join(*ways.results), arguments, node) if ways.results else UNKNOWN


_SAVES = re.compile(r"save(_|$)")


def evaluate_arguments(frame: Frame, node: cst.Call) -> Arguments:
    """The arguments of a call, evaluated in order."""
    positional: list[Argument] = []
    keywords: dict[str, Argument] = {}
    star: Value = NOTHING
    double_star: Value = NOTHING
    name = node.func.attr.value if type(node.func) is cst.Attribute else getattr(node.func, "value", "")
    saves = isinstance(name, str) and _SAVES.match(name) is not None
    for argument in node.args:
        # What is saved to disk is meant as it is at that moment, unless it is called the best one.
        named = dotted_path(argument.value) if saves else None
        look = frame.at if saves and not (named and is_snapshot(named)) else frame.evaluate
        value = look(argument.value)
        if argument.star == "*" and not star and (items := _items_of(value)) is not None:
            positional.extend(Argument(item, argument.value) for item in items)
        elif argument.star == "*":
            star = join(star, element_of(frame, value, argument.value))
        elif argument.star == "**" and (settings := _written_out(value)) is not None:
            for name_, item in settings:
                keywords.setdefault(name_, Argument(item, argument.value))
        elif argument.star == "**":
            for setting, known in _settings(value).items():
                keywords.setdefault(setting, Argument(known, argument.value))
            double_star = join(double_star, _mapping_values(value))
        elif argument.keyword is not None:
            keywords[argument.keyword.value] = Argument(value, argument.value)
        elif star:
            star = join(star, value)
        else:
            positional.append(Argument(value, argument.value))
    return Arguments(tuple(positional), keywords, star, double_star)


_SETTINGS = frozenset({"device", "dtype", "requires_grad"})
"""What people keep in a dict for the calls that make tensors: `torch.zeros(3, **self.factory)`."""


def _settings(value: Value) -> dict[str, Value]:
    """Those settings that a dict holds."""
    found: dict[str, Value] = {}
    for kind, when in value:
        for key, item in kind.items if isinstance(kind, Mapping) else ():
            if key in _SETTINGS:
                found[key] = join(found.get(key, NOTHING), under(item, when))
    return found


def _written_out(value: Value) -> tuple[tuple[str, Value], ...] | None:
    """The items of what surely is a dict with these keys and no others."""
    kind = value[0].kind if len(value) == 1 else None
    if not isinstance(kind, Mapping) or kind.element or not all(isinstance(key, str) for key, _ in kind.items):
        return None
    return kind.items


def _items_of(value: Value) -> tuple[Value, ...] | None:
    """The items of what surely is a list or tuple of known length."""
    return value[0].kind.items if len(value) == 1 and isinstance(value[0].kind, Sequence) else None


def _mapping_values(value: Value) -> Value:
    def values(kind: Kind) -> Kind | Value:
        if isinstance(kind, Mapping):
            items = (item for key, item in kind.items if key not in _SETTINGS)
            return join(kind.element, *items) or NOTHING if kind.items else kind.element or UNKNOWN
        return kind

    return each(value, values)


def call_kind(frame: Frame, kind: Kind, arguments: Arguments, node: cst.Call) -> Kind | Value:
    """Call one alternative of what is called."""
    if isinstance(kind, External):
        return call_external(frame, kind.name, arguments, node)
    if isinstance(kind, Function):
        if kind.this is None and is_refused(kind.definition, arguments, bound=False):
            frame.fail()
            return NOTHING
        return frame.interpreter.calls.follow(frame, kind.definition, arguments, kind.this, node)
    if isinstance(kind, Class):
        return classes.instantiate(frame, kind, arguments, node)
    if isinstance(kind, Instance):
        return classes.call_instance(frame, kind, arguments, node)
    if isinstance(kind, Module):
        return module_calls.call_module(frame, kind, arguments, node)
    if isinstance(kind, Transformer):
        return apply(frame, kind.name, arguments, node, fullgraph=kind.fullgraph)
    if isinstance(kind, Transformed):
        return UNKNOWN
    if isinstance(kind, Bound):
        return each(kind.owner, lambda one: call_method(frame, one, kind.name, arguments, node, node.func))
    if isinstance(kind, Foreign):
        return kind
    if isinstance(kind, Dtype):
        return numpy_calls.call_dtype(frame, kind.name, arguments, node)
    if isinstance(kind, Tensor):  # something that was moved to a device and is called: a module
        return module_calls.call_module(frame, Module(None, kind.device, dtype=kind.dtype), arguments, node)
    if isinstance(kind, Opaque):
        if kind.guess is not None and kind.tensorish:
            return module_calls.call_module(frame, _as_module(kind), arguments, node)
        if frame.interpreter.eager and kind.guess is None and kind.path is not None:
            seen = frame.interpreter.likely.called(kind.path, frame.this)
            if seen is not None:
                return classes.call_instance(frame, seen, arguments, node)
        return unseen_result(frame, kind.path or dotted_path(node.func), arguments, node)
    return UNKNOWN


def call_external(frame: Frame, name: str, arguments: Arguments, node: cst.Call) -> Kind | Value:
    """Call something from another package by its full name."""
    if name in TRANSFORMS:
        return apply(frame, name, arguments, node)
    package = name.partition(".")[0]
    if package == "torch":
        result = torch_calls.call_torch(frame, name.removeprefix("torch."), arguments, node)
    elif package == "numpy":
        result = numpy_calls.call_numpy(frame, name.removeprefix("numpy."), arguments, node)
        result = inherited(result, arguments.values) if result is not None else None
    elif package == "builtins":
        result = builtin_calls.call_builtin(frame, name.removeprefix("builtins."), arguments, node)
    else:
        result = library_calls.call_library(frame, name, arguments, node)
    return result if result is not None else unseen_result(frame, name, arguments, node)


HARMLESS = frozenset(
    [
        "log",
        "log_dict",
        "info",
        "debug",
        "warning",
        "add_scalar",
        "add_scalars",
        "log_metric",
        "log_metrics",
        "set_postfix",
        "set_postfix_str",
        "set_description",
        "write",
        "format",
        "report",
        "all_reduce",
        "reduce",
        "barrier",
        "isnan",
        "isfinite",
    ]
)
"""Functions that look at a loss and do not back-propagate it."""


def unseen_result(frame: Frame, path: str | None, arguments: Arguments, node: cst.Call) -> Kind | Value:
    """The result of a call nobody can look into: at most a guess from what went in."""
    if _FLATTENING.search(path or "") and arguments.count == 1:
        return each(next(iter(arguments.values), UNKNOWN), flattened)
    if carries((path or "").rpartition(".")[2]) and (value := carried(frame, arguments, node)):
        return value
    operands = operands_in(arguments.values)
    for value in arguments.values:
        tell_double(frame, value, f"`{frame.text(node.func)}`", node)
    if (path or "").rpartition(".")[2] not in HARMLESS:
        for value in arguments.values:
            escape(frame, value)
        if frame.tracks:
            named = (dotted_path(one.node) for one in (*arguments.positional, *arguments.keywords.values()))
            frame.handed.update(path for path in named if path is not None)
    elsewhere = path is not None and path.startswith("torch.")
    relevant = [tensor for tensor in operands if _is_telling(tensor)]
    owner, _, name = (path or "").rpartition(".")
    made_here = not elsewhere and not name[:1].isupper()  # a class makes an object, not an output
    lowers, trains = frame.autocast == "bfloat16", bool(frame.evidence.spent) and frame.state.grad is not False
    trains = trains or (frame.interpreter.shared.eager and frame.state.grad is not False and arguments.count > 0)
    if made_here and (relevant or lowers or trains) and LIKE_A_MODULE.search(name):
        module = Module(None, None, trainable=not ("loss" in name or "crit" in name))
        output = module_calls.call_module(frame, module, arguments, node)
        return output if relevant else each(output if isinstance(output, tuple) else just(output), supposed)
    if made_here and (relevant or lowers) and LIKE_A_MODULE.search(owner):
        return module_calls.other_method(frame, Module(None, None), name, arguments, node)
    if relevant:
        measures = frame.interpreter.shared.eager and trains and _MEASURES.search(name) is not None
        if measures and any(requires(tensor) for tensor in relevant):
            guess = module_calls.guess_from(frame, relevant, node, Confidence.LIKELY)
            return supposed(Opaque(guess=guess, tensorish=True))
        guess = module_calls.guess_from(frame, relevant, node, Confidence.POSSIBLE)
        return Opaque(guess=guess)
    return UNKNOWN


_MEASURES = re.compile(r"(ssim|psnr|lpips|dice|iou|mse|mae|rmse|l1|error|dist(ance)?|perceptual|kl_?div\w*)\d*$", re.I)
"""Functions that tell how good an output is, by operations on tensors as a rule."""


_FLATTENING = re.compile(r"(^|[._])(un)?(flatten|nest)_?(nested_)?dict\w*$", re.I)
"""Names of functions that give the same values under other keys; everybody has one."""


def _is_telling(tensor: Tensor) -> bool:
    return tensor.on_accelerator or (tensor.grad is not None and tensor.grad.value is True)


def call_method(
    frame: Frame, kind: Kind, name: str, arguments: Arguments, node: cst.Call, func: cst.BaseExpression
) -> Kind | Value:
    """Call the method `name` of one alternative."""
    if isinstance(kind, External):
        ours = frame.interpreter.imports.value(f"{kind.name}.{name}")
        if ours is not None:
            return each(ours, lambda one: call_kind(frame, one, arguments, node))
        return call_external(frame, f"{kind.name}.{name}", arguments, node)
    if isinstance(kind, Tensor) and name in ("eval", "train"):  # what was cast or moved was no tensor
        return Module(None, kind.device, dtype=kind.dtype)
    if isinstance(kind, Tensor):
        return call_tensor_method(frame, kind, name, arguments, node, func)
    if isinstance(kind, Array):
        result = call_array_method(frame, kind, name, arguments, node, func)
        return inherited(result, [just(kind), *arguments.values]) if kind.cuts else result
    if isinstance(kind, Instance):
        return classes.call_method(frame, kind, name, arguments, node, func)
    if isinstance(kind, Class) and name == "apply" and is_custom_function(frame.interpreter, kind.definition):
        return computed(frame, operands_in(arguments.values))
    if isinstance(kind, Class):
        return each(classes.class_attribute_value(frame, kind, name), lambda k: call_kind(frame, k, arguments, node))
    if isinstance(kind, Module):
        return module_calls.call_module_method(frame, kind, name, arguments, node, func)
    if isinstance(kind, Sequence | Mapping):
        return builtin_calls.call_container_method(frame, kind, name, arguments, node, func)
    if isinstance(kind, Distribution):
        return distributions.call_method(frame, kind, name, arguments)
    if isinstance(kind, Optimizer):
        return module_calls.call_optimizer_method(frame, name, arguments, node)
    if isinstance(kind, Opaque):
        return _call_opaque_method(frame, kind, name, arguments, node, func)
    if isinstance(kind, Const) and kind.value is None:
        return NOTHING
    if isinstance(kind, Loader | Foreign):
        return kind
    if isinstance(kind, Number) and name == "backward":
        went_back(frame, just(kind), node)
    if isinstance(kind, Number | Const | Device):
        return UNKNOWN
    if frame.interpreter.eager and (name in ("numpy", "detach") or name in tensor_only_methods()):
        part = module_calls.part_of_module(kind)
        if part is not kind:
            return call_method(frame, part, name, arguments, node, func)
    return unseen_result(frame, name, arguments, node)


def _call_opaque_method(
    frame: Frame, kind: Opaque, name: str, arguments: Arguments, node: cst.Call, func: cst.BaseExpression
) -> Kind | Value:
    if name in SIZE_METHODS and (name != "size" or arguments.count == 1):  # `x.size()` gives several numbers
        return Number()
    if name in ("to", "cuda", "cpu"):
        return _move_opaque(frame, kind, name, arguments, node, func)
    if kind.guess is not None and name == "transpose" and arguments.count != 2 and not arguments.star:
        return Array(memory=kind.memory)  # tensors exchange two axes, arrays put them into any order
    if kind.guess is not None and name not in _OF_A_MAPPING and of_a_tensor(name):
        return call_tensor_method(frame, supposing.as_tensor(kind), name, arguments, node, func, kind)
    if name in CASTS and isinstance(receiver_of(func), _COMPUTED) and not arguments.count:
        return call_tensor_method(frame, Tensor(), name, arguments, node, func)
    if name in ("item", "numpy", "tolist"):
        what = {"item": NUMBER, "numpy": ARRAY}.get(name, LIST)
        tell_read(frame, kind, receiver_of(func), node, what, name)
    if name == "numpy":
        tell_unknown(frame, receiver_of(func), node)
        return Array(memory=kind.memory)
    if (seen := supposing.call_method(frame, kind, name, arguments, node, func)) is not None:
        return seen
    if kind.array is not None and name in ("toarray", "todense"):
        return kind.array
    if kind.array is not None and (result := _array_method(frame, kind, name, arguments, node, func)):
        return result
    if name == "step" and _is_optimizer_name(kind.path):
        return module_calls.call_optimizer_method(frame, name, arguments, node)
    if name == "load_state_dict" and _is_optimizer_name(kind.path):
        return module_calls.call_optimizer_method(frame, name, arguments, node)
    if name == "append" and arguments.positional and kind.path is not None:
        contained(frame, node, receiver_of(func), NOTHING, arguments.value(0), arguments.positional[0].node)
    if name == "backward":
        frame.has_stepped = True
        trains(frame, node)
    if name == "freeze" and kind.guess is None:
        return module_calls.call_module_method(frame, Module(None, path=kind.path), name, arguments, node, func)
    if name in _OF_A_MODULE and (name not in _OF_OTHERS or _names_a_module(kind.path or "")):
        return module_calls.call_module_method(frame, _as_module(kind), name, arguments, node, func)
    if name == "requires_grad_" and kind.guess is None and _is_false(arguments.value(0, "requires_grad")):
        return module_calls.call_module_method(frame, _as_module(kind), name, arguments, node, func)
    if name == "backward":
        return NONE
    if kind.guess is not None and kind.tensorish:
        if _TELLS.match(name):
            return UNKNOWN
        if kind.path is not None and LIKE_A_MODULE.search(kind.path):
            return module_calls.other_method(frame, _as_module(kind), name, arguments, node)
        guess = replace(kind.guess, grad=None) if name in _DRAWS else kind.guess
        device = guess.device
        if device is not None and _may_give_anything(arguments, device):
            guess = replace(guess, device=device.weaker(Confidence.POSSIBLE))
        given_arrays = any(isinstance(one, Array) for value in arguments.values for one, _ in value)
        return Opaque(None, guess, None, name not in _OF_A_MAPPING and not given_arrays)  # arrays give arrays as a rule
    if name in sparse.CONVERSIONS:
        return sparse.MATRIX
    if name == "forward" and kind.path is not None and kind.guess is None:
        return unseen_result(frame, kind.path, arguments, node)  # as it is called without that
    if frame.interpreter.eager and kind.guess is None and kind.array is None:
        seen = frame.interpreter.likely.having(name, kind.path, frame.this)
        if seen is not None:
            return classes.call_method(frame, seen, name, arguments, node, func)
    path = f"{kind.path}.{name}" if kind.path else name
    written = dotted_path(func) or path  # `for axes, image in zip(…)`: it has this name, wherever it comes from
    return library_calls.call_opaque_method(frame, kind, written, name, arguments, node) or unseen_result(
        frame, path, arguments, node
    )


def _may_give_anything(arguments: Arguments, device: Fact) -> bool:
    """Whether a method that no tensor has may as well give what is on no device: it is given something, but no tensor
    that is likely to be on one, or it is given nothing, and where the object is is somebody's choice."""
    if not arguments.count:
        return device.step is None or not device.step.stated
    operands = operands_in(arguments.values)
    return all(one.device is not None and one.device.confidence is Confidence.POSSIBLE for one in operands)


def _is_false(value: Value) -> bool:
    return len(value) == 1 and isinstance(value[0].kind, Const) and value[0].kind.value is False


def _as_module(kind: Opaque) -> Module:
    """An unknown object that is used as a module: frozen, if it was told not to require grad."""
    guess = kind.guess
    if guess is None:
        return Module(None, path=kind.path)
    trainable = guess.grad is None or bool(guess.grad.value)
    return Module(None, guess.device, trainable, dtype=guess.dtype, path=kind.path)


def _names_a_module(path: str) -> bool:
    """`self.net`, `models[0]`, and `trainer.module`: what wrappers keep the module in that they wrap."""
    path = path.rpartition(".[")[0] if path.endswith("]") else path
    return LIKE_A_MODULE.search(path) is not None or path.rpartition(".")[2] == "module"


def _array_method(
    frame: Frame, kind: Opaque, name: str, arguments: Arguments, node: cst.Call, func: cst.BaseExpression
) -> Value:
    """A method of what may be an array: `transpose` gives one for sure, `copy` other things have too."""
    ops = numpy_ops().method
    if kind.array is None or not any(name in names for names in (ops.view, ops.maybe_view, ops.copies, ops.reduces)):
        return NOTHING
    result = call_array_method(frame, replace(kind.array, memory=kind.memory), name, arguments, node, func)
    value = just(result) if isinstance(result, Kind) else result
    if name in data_methods() or name == "astype":
        return value
    return each(value, lambda one: Opaque(memory=one.memory, array=one) if isinstance(one, Array) else one)


def _is_optimizer_name(path: str | None) -> bool:
    return path is not None and re.search(r"(optim|sched|scaler|(^|[._])opts?($|[._\d]))", path, re.I) is not None


def _move_opaque(
    frame: Frame, kind: Opaque, name: str, arguments: Arguments, node: cst.Call, func: cst.BaseExpression
) -> Kind | Value:
    owner = receiver_of(func)
    if _LIKE_A_PIPELINE.search(dotted_path(owner.func if type(owner) is cst.Call else owner) or ""):
        return kind
    if any(isinstance(one, Const) and isinstance(one.value, str) for value in arguments.values[1:] for one, _ in value):
        return Opaque(kind.path)  # `data.to(device, "x", "y")` moves these parts only
    base = supposing.as_tensor(kind) if type(owner) is not cst.Subscript else kind.guess or Tensor()
    results = moved_by(frame, base, name, arguments, node, kind)

    def back(result: Kind) -> Kind:
        if isinstance(result, Tensor):
            return Opaque(kind.path, result, result.memory, True)
        return result

    value = each(results, back)
    if frame.is_statement(node):  # the result is not used: the object itself moves, so it is a module
        moved_away(frame, func)
        module = each(value, lambda one: _as_module(one) if isinstance(one, Opaque) else Module(None, path=kind.path))
        frame.write_back(func, module)
        return module
    return value
