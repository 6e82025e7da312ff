"""Assignment in all its forms: names, tuples, attributes, items, and in-place operators."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.calling.enriching import enriched
from torchconv_lint.analysis.computing.tensors import frozen, requires_grad_set, tell_grad_asked
from torchconv_lint.analysis.domain.devices import PARAMETERS, somewhere
from torchconv_lint.analysis.domain.iteration import element_of, item_of, stored, unpacked
from torchconv_lint.analysis.domain.layout import is_number
from torchconv_lint.analysis.domain.replaced_items import known_item, store_item
from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.values import (
    CPU,
    NO_GRAPH,
    NOTHING,
    UNKNOWN,
    Array,
    Const,
    Instance,
    Kind,
    Mapping,
    Module,
    Number,
    Opaque,
    Sequence,
    Tensor,
    Value,
    each,
    guessed,
    join,
    just,
    kinds,
    under,
)
from torchconv_lint.analysis.nodes.names import dotted_path
from torchconv_lint.analysis.semantics.arithmetic import binary
from torchconv_lint.analysis.semantics.elements import tell_grad_into_integers, tell_key
from torchconv_lint.analysis.semantics.items_written import item_written
from torchconv_lint.analysis.semantics.narrowing import asks_for_type, instance_of, type_names
from torchconv_lint.analysis.semantics.perhaps import is_given_as_array
from torchconv_lint.analysis.semantics.subscripts import key_of, picks_elements
from torchconv_lint.analysis.syntax.backward import dicts_of_losses
from torchconv_lint.analysis.syntax.patterns import names_earlier
from torchconv_lint.analysis.telling.adopted import tell_adopted, tell_argument_kept
from torchconv_lint.analysis.telling.buffers import tell_stored
from torchconv_lint.analysis.telling.conversions import row_into_array, tell_array_scalar, tell_scalar
from torchconv_lint.analysis.telling.copies import forget_upload, tell_host_read
from torchconv_lint.analysis.telling.cuts import rebound
from torchconv_lint.analysis.telling.given_out import given_item, is_changed
from torchconv_lint.analysis.telling.going_back import beside_loss, tell_term_of_values
from torchconv_lint.analysis.telling.graph import write_to_leaf
from torchconv_lint.analysis.telling.kept_graphs import (
    accumulated,
    accumulated_list,
    contained,
    escape,
    is_own_sum,
    taken_in,
)
from torchconv_lint.analysis.telling.other_modules import bound_anew
from torchconv_lint.analysis.telling.overlapping import tell_named_by_itself, tell_shifted
from torchconv_lint.analysis.telling.renamed import tell_row_overwritten
from torchconv_lint.analysis.telling.second_names import bound
from torchconv_lint.analysis.telling.sharing import kept, with_memory, written
from torchconv_lint.analysis.telling.snapshots import tell_alias, tell_gradient
from torchconv_lint.analysis.telling.to_tensor import tell_double

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.frame import Frame


def assign(frame: Frame, target: cst.BaseExpression, value: Value, node: cst.CSTNode) -> None:
    """Bind `value` to a target; `node` is the expression it came from."""
    if type(target) is cst.Name:
        forget_attributes(frame, target.value)
        forget_upload(frame, target.value)
        origin = frame.segment.origin(node) if frame.evidence.rebound else None
        value = enriched(value, target.value, frame.evidence, getattr(origin, "lineno", 0))
        if frame.loop_depth or frame.second_names:
            bound(frame, target.value, value, node)
        if frame.evidence.spent and frame.interpreter.shared.eager:
            value = _with_parts(frame, target.value, value, node)
            if isinstance(node, cst.BaseExpression):
                tell_term_of_values(frame, target.value, node)
        if target.value in frame.evidence.placed and (
            target.value in frame.evidence.outputs or _is_unseen(value, node)
        ):
            value = somewhere(value, target.value, frame.site(node))  # what else it makes, it places itself
        value = rebound(value, target.value)
        if frame.tracks:
            bound_anew(frame, target.value, node)
            if names_earlier(target.value):
                tell_gradient(frame, value, node, target.value)
            value = kept(frame, with_memory(frame, value, node), node, target.value, container=False)
        frame.bind(target.value, value)
        _identify(frame, target.value, value, node)
        if type(node) is cst.Call and asks_for_type(frame, node):
            _tell_apart(frame, target.value, node)
    elif isinstance(target, cst.Tuple | cst.List):
        _unpack(frame, target, value, node)
    elif type(target) is cst.Attribute:
        _assign_attribute(frame, target, value, node)
    elif type(target) is cst.Subscript:
        _assign_item(frame, target, value, node)


def _is_unseen(value: Value, node: cst.CSTNode) -> bool:
    """Whether it is what a function or a method of the object has made, of which nothing is known."""
    func = node.func if type(node) is cst.Call else None
    owner = func.value if type(func) is cst.Attribute else None
    if type(owner) is cst.Call:
        owner = owner.func  # `super().predicted(x)`
    made = type(func) is cst.Name or (type(owner) is cst.Name and owner.value in ("self", "super"))
    return made and bool(value) and all(isinstance(kind, Opaque) and kind.guess is None for kind, _ in value)


def _identify(frame: Frame, name: str, value: Value, node: cst.CSTNode) -> None:
    """An unknown value is known to conditions by where it came from, until the name is assigned again."""
    if any(isinstance(kind, Number) or (isinstance(kind, Opaque) and kind.path is None) for kind, _ in value):
        identity = ("made", name, id(node))
        identified = frame.interpreter.identified
        if frame.loop_depth and identity in identified:  # the first time, no condition can know it
            frame.state.forget_conditions(identity)
        identified.add(identity)
        frame.state.identify(name, identity)


def _tell_apart(frame: Frame, flag: str, node: cst.Call) -> None:
    """`flag = isinstance(x, A)`, `flag = torch.is_tensor(x)`: from here on, what `x` is goes with the flag, also when
    `x` is bound anew."""
    identity = frame.state.identities.get(flag)
    asked = node.args[0].value
    if identity is None or type(asked) is not cst.Name:
        return
    names = type_names(frame.quietly(node.args[1].value)) if len(node.args) == 2 else ["torch.Tensor"]
    parts: list[Value] = []
    for kind, when in frame.quietly(asked) if names else ():
        for truth in (True, False):
            answer = instance_of(kind, names, truth)
            if answer is not False:
                one = just(kind if answer is True else answer)
                parts.append(under(under(one, when), frozenset({(identity, truth)})))
    if parts:
        frame.bind(asked.value, join(*parts), narrowed=True)


def forget(frame: Frame, name: str) -> None:
    """The name is unbound."""
    frame.state.drop(name)
    forget_attributes(frame, name)


def forget_attributes(frame: Frame, name: str) -> None:
    """What was known of attributes of a name that now means something else."""
    prefix = name + "."
    for known in [known for known in frame.state.names if known.startswith(prefix)]:
        frame.state.drop(known)


def _unpack(frame: Frame, target: cst.Tuple | cst.List, value: Value, node: cst.CSTNode) -> None:
    elements = target.elements
    starred = [position for position, element in enumerate(elements) if type(element) is cst.StarredElement]
    if starred:
        for position, element in enumerate(elements):
            parts = [
                under(_as_value(_beside_star(frame, kind, position, starred[0], len(elements), node)), when)
                for kind, when in value
            ]
            given = join(*parts) if parts else UNKNOWN
            assign(frame, element.value, given or UNKNOWN, node)
        return
    beside = frame.interpreter.shared.eager and _holds_spent_loss(frame, target, node)
    for position, element in enumerate(elements):
        item = unpacked(frame, value, len(elements), position, node)
        if beside and type(element.value) is cst.Name:
            item = _beside_loss(frame, item, element.value.value, node)
        if type(element.value) is cst.Name and _is_counted(element.value.value, position):
            item = each(item, _without_grad)
        if not beside and position and type(element.value) is cst.Name and _TOLD.match(element.value.value):
            item = each(item, _told)
        if frame.tracks:
            item = with_memory(frame, item, node, position=position)
        assign(frame, element.value, item, node)


def _beside_loss(frame: Frame, item: Value, name: str, node: cst.CSTNode) -> Value:
    """One of several things that a call gives, of which another is a loss that backward goes through."""
    if _TOLD.match(name):
        return each(item, _told)
    return each(item, lambda kind: beside_loss(frame, kind, name, node))


def _with_parts(frame: Frame, name: str, value: Value, node: cst.CSTNode) -> Value:
    """What a call gives: a dict of losses, if some of its items are added up to what backward goes through."""
    unseen = type(node) is cst.Call and frame.outline is not None and frame.state.grad is not False
    if unseen and frame.outline is not None and name in dicts_of_losses(frame.outline.by_type):
        return each(value, lambda kind: beside_loss(frame, kind, name, node, named=True))
    return value


def _holds_spent_loss(frame: Frame, target: cst.Tuple | cst.List, node: cst.CSTNode) -> bool:
    """Whether a call gives several things, and backward goes through one of them, by its name a loss."""
    spent = frame.evidence.spent
    if not spent or type(node) is not cst.Call or frame.state.grad is False:
        return False
    names = {each.value.value for each in target.elements if type(each.value) is cst.Name}
    return any("loss" in name.lower() for name in names & spent)


def _as_value(found: Kind | Value) -> Value:
    return just(found) if isinstance(found, Kind) else found


def _beside_star(frame: Frame, kind: Kind, position: int, star: int, count: int, node: cst.CSTNode) -> Kind | Value:
    """What the target at `position` of `a, *b, c = kind` gets, the starred one standing at `star`."""
    items = kind.items if isinstance(kind, Sequence) else None
    if items is None or len(items) < count - 1:
        item = element_of(frame, just(kind), node)
        return Sequence(None, item) if position == star else item
    behind = count - 1 - star
    if position == star:
        return Sequence(items[star : len(items) - behind], NOTHING)
    return items[position] if position < star else items[position - count]


_COUNTS = re.compile(
    r"(acc|accuracy|accuracies|prec|precision|recall|correct|idx|index|indices|mask|count|counts|n_\w+|num_\w+)\d*$",
    re.I,
)
"""Names of what is counted or chosen: one part of several that an unseen module gives, and no part of the graph."""


_CHOSEN = re.compile(r"(^|_)(pred|preds|prediction|predictions|label|labels)\d*$", re.I)
"""Names of what is chosen by a model that gives something else first."""


_TOLD = re.compile(
    r"(\w+_)?(logs?|logging|log_(vars?|dict|info|data)|logged|infos?|metrics?(_dict)?|stats?|statistics|summary|summaries|"
    r"loss(es)?_(dict|items|parts|terms|components)|reports?|diagnostics|meters?|scalars?|monitors?)\d*$",
    re.I,
)
"""Names of what is told beside a result: plain numbers as a rule, for people to read."""


def _told(kind: Kind) -> Kind:
    """What an unseen module tells beside its output need not hold tensors."""
    return replace(kind, tensorish=False) if isinstance(kind, Opaque) else kind


def _is_counted(name: str, position: int) -> bool:
    return _COUNTS.search(name) is not None or (position > 0 and _CHOSEN.search(name) is not None)


def _without_grad(kind: Kind) -> Kind:
    if isinstance(kind, Opaque) and kind.guess is not None and kind.guess.grad is not None:
        return replace(kind, guess=replace(kind.guess, grad=None, graph=NO_GRAPH))
    return kind


def _assign_attribute(frame: Frame, target: cst.Attribute, value: Value, node: cst.CSTNode) -> None:
    path = dotted_path(target)
    owner = frame.at(target.value)
    if target.attr.value == "requires_grad":
        _set_requires_grad(frame, target, owner, value)
        return
    if path is None:
        return
    forget_upload(frame, path)
    if any(isinstance(kind, Instance | Opaque | Module) for kind, _ in owner):
        forget_attributes(frame, path)
        frame.assigned.add(path)
        if frame.loop_depth or frame.second_names:
            bound(frame, path, value, node)
        value = rebound(value, path)
        escape(frame, value)
        tell_adopted(frame, path, value, node)
        tell_double(frame, value, f"`{path}`", node)
        if frame.tracks:
            tell_alias(frame, value, node, path)
            value = kept(frame, with_memory(frame, value, node), node, path, container=True)
            if all(isinstance(kind, Opaque) for kind, _ in owner):
                value = each(value, _perhaps_copied)
        frame.bind(path, value)
    elif frame.tracks:  # an attribute that a parameter is given, beside its gradient
        tell_alias(frame, value, node, path)


def _perhaps_copied(kind: Kind) -> Kind:
    """An array that an object of elsewhere is given: whether it copies it (`parameter.value = array`), nobody knows."""
    return replace(kind, memory=None) if isinstance(kind, Array) else kind


def _set_requires_grad(frame: Frame, target: cst.Attribute, owner: Value, value: Value) -> None:
    enabled = value[0].kind.value if len(value) == 1 and isinstance(value[0].kind, Const) else None
    if enabled is True:
        tell_grad_asked(frame, owner, target.value)
    write_back(frame, target.value, each(owner, lambda kind: requires_grad_set(frame, kind, enabled, target)))
    for kind, _ in owner:
        path = kind.path if isinstance(kind, Tensor) else None
        if enabled is False and path is not None and path.endswith(PARAMETERS):
            module = path.removesuffix(PARAMETERS)
            known = frame.read(module)
            if known is not None:
                frame.bind(module, each(known, frozen))


def _is_shaped(frame: Frame, node: cst.BaseExpression) -> bool:
    """Whether it is a name that is asked for its shape, as data are."""
    return type(node) is cst.Name and node.value in frame.evidence.shaped


def _assign_item(frame: Frame, target: cst.Subscript, value: Value, node: cst.CSTNode) -> None:
    owner = given_item(frame, frame.at(target.value), target)
    key = key_of(frame, target)
    if type(target.value) is cst.Subscript and any(isinstance(kind, Array) for kind, _ in frame.at(target.value.value)):
        # `a[0][1] = x`: what is written by an index has dimensions, so `a[0]` is an array and no number.
        owner = each(owner, lambda kind: Array(memory=kind.memory) if isinstance(kind, Opaque) else kind)
    tell_key(frame, key, owner, target, target, "key")
    tell_grad_into_integers(frame, owner, value, target.value, target)
    filled = any(isinstance(kind, Tensor) for kind, _ in owner)  # it keeps whatever has gone into it, by any key
    keyed = any(isinstance(kind, Mapping) for kind, _ in owner) and not _is_constant(key)
    if (filled or keyed) and not is_own_sum(frame, target, node):  # a sum has been told as such
        value = contained(frame, target, target.value, owner, value, node)
    if frame.interpreter.wants.arguments:
        tell_argument_kept(frame, target.value, node)
    if frame.tracks:
        tell_alias(frame, value, node, frame.text(target))
        if any(isinstance(kind, Sequence | Mapping) for kind, _ in owner):
            value = kept(frame, with_memory(frame, value, node), node, frame.text(target), container=True)
    if frame.state.underway.copies and _is_indexed(owner, key):
        tell_host_read(frame, [kind for kind, _ in value], node, target)
    tell_stored(frame, owner, target, value)
    if any(isinstance(kind, Tensor | Array | Opaque) for kind, _ in owner) and not _is_text(key):
        for kind, _ in owner if all(isinstance(kind, Array) for kind, _ in owner) else ():
            if isinstance(kind, Array):
                several = _takes_a_row(kind, target)
                row_into_array(frame, value, node, several=several)
                if several is False and len(target.slice) == 1 and is_number(key) and len(value) == 1:
                    for one, _ in value:
                        if isinstance(one, Array):
                            tell_array_scalar(frame, one, node, "an assignment to one element", target)
                    if isinstance(value[0].kind, Tensor | Opaque):
                        tell_scalar(frame, value, node, "an assignment to one element", node)
        fills, data = not is_changed(frame, owner, target, node), _is_shaped(frame, target.value)
        data = data or picks_elements(target)
        written(frame, owner, target.value, target, fills=fills, data=data)
        if frame.interpreter.wants.overlaps:
            tell_shifted(frame, owner, target, node)
            tell_named_by_itself(frame, owner, value, target)
        if frame.interpreter.wants.renames:
            tell_row_overwritten(frame, owner, key, target)
        write_to_leaf(frame, owner, target.value, target)

    if any(isinstance(kind, Opaque) for kind, _ in owner):
        escape(frame, value)  # `losses["total"] = total`, and whoever has given `losses` goes on with it
    if store_item(frame, target, owner, key, value):
        return

    def after(kind: Kind) -> Kind | Value:
        if isinstance(kind, Sequence | Mapping):
            return stored(kind, key, value)
        if isinstance(kind, Tensor):
            grads = [
                k.grad for k in map(guessed, kinds(value)) if k is not None and k.grad is not None and k.grad.value
            ]
            if grads and frame.state.grad is not False:
                graph = taken_in(kind.graph, value)
                if not (kind.grad and kind.grad.value):
                    kind = replace(kind, grad=grads[0].then(frame.site(target), "is written into it"))
                return kind if graph is kind.graph else replace(kind, graph=graph)
        if isinstance(kind, Opaque) and kind.tensorish and _names_item(target, key) and _is_data(value):
            return replace(kind, tensorish=False)  # it holds other things as well from now on
        return kind

    changed = each(owner, after)
    if changed is not owner:
        write_back(frame, target.value, changed)


def _names_item(target: cst.Subscript, key: Value) -> bool:
    """Whether a key may be that of a dict: no slice, no number, nothing computed."""
    single = len(target.slice) == 1 and type(target.slice[0].slice) is cst.Index
    return single and all(isinstance(kind, Opaque) or _is_text(just(kind)) for kind, _ in key)


def _is_data(value: Value) -> bool:
    """Whether it is something else than a tensor, a number or a constant."""
    return all(isinstance(kind, Array) or (isinstance(kind, Opaque) and kind.guess is None) for kind, _ in value)


def _is_text(key: Value) -> bool:
    """Whether the key is a string: what it is an index of is a dict, whose tensors are not written."""
    return bool(key) and all(isinstance(kind, Const) and isinstance(kind.value, str) for kind, _ in key)


def _is_indexed(owner: Value, key: Value) -> bool:
    """Whether `owner[key] = x` copies elements on the host: into a tensor or array, not into a dict or list."""
    on_host = all(not isinstance(kind, Tensor) or kind.device is None or kind.device.value == CPU for kind, _ in owner)
    by_tensor = any(isinstance(kind, Tensor | Array) or guessed(kind) is not None for kind, _ in key)
    return on_host and all(
        isinstance(kind, Tensor | Array) or (isinstance(kind, Opaque) and by_tensor) for kind, _ in owner
    )


def _is_constant(key: Value) -> bool:
    return len(key) == 1 and isinstance(key[0].kind, Const)


def _takes_a_row(array: Array, target: cst.Subscript) -> bool | None:
    """Whether `array[key] = x` fills several elements: a slice, or an array with more dimensions than the key. None if
    only the value tells."""
    if any(type(element.slice) is cst.Slice for element in target.slice):
        return True
    return array.ndim > len(target.slice) if array.ndim is not None else None


def write_back(frame: Frame, node: cst.BaseExpression, value: Value) -> None:
    """`value` is what the object at `node` has become, for objects that are treated as values."""
    path = dotted_path(node)
    if path is not None:
        frame.bind(path, value)
    elif type(node) is cst.Subscript:
        key = key_of(frame, node)
        owner = frame.at(node.value)
        if store_item(frame, node, owner, key, value):
            return
        write_back(frame, node.value, each(owner, lambda kind: _landing(stored(kind, key, value), value)))


def _landing(kind: Kind, part: Value) -> Kind:
    """A tensor into a part of which a copy is on its way: `host[:n].copy_(x, non_blocking=True)`."""
    copies = [one.landing for one, _ in part if isinstance(one, Tensor) and one.landing is not None]
    return replace(kind, landing=copies[0]) if copies and isinstance(kind, Tensor) else kind


def _is_undone(frame: Frame, node: cst.AugAssign) -> bool:
    """Whether the function takes away again what it adds to a name, `sizes += 1` … `sizes -= 1`: whose it is finds it
    as it was."""
    constant = isinstance(node.value, cst.Integer | cst.Float)
    if not constant or type(node.target) is not cst.Name or frame.outline is None:
        return False
    name, value = node.target.value, frame.text(node.value)
    kinds = [
        type(one.op)
        for one in frame.outline.by_type[ast.AugAssign]
        if isinstance(one.target, ast.Name) and one.target.id == name and ast.unparse(one.value) == value
    ]
    return sorted(kind.__name__ for kind in kinds) == ["Add", "Sub"]


def augment(frame: Frame, node: cst.AugAssign) -> None:
    """`target op= value`: in place for tensors, arrays and lists, a rebinding for everything else."""
    target = node.target
    value = frame.evaluate(node.value)
    if frame.state.underway.copies:
        tell_host_read(frame, kinds(value), node.value, node)
    if type(target) is cst.Subscript:
        owner = given_item(frame, frame.at(target.value), target)
        key = key_of(frame, target)
        before = known_item(frame, target) or each(owner, lambda kind: item_of(frame, kind, key, target)) or UNKNOWN
        tell_key(frame, key, owner, target, target, "key")
        data = picks_elements(target) or _is_shaped(frame, target.value)
        written(frame, owner, target.value, node, fills=False, data=data)
        if frame.interpreter.wants.overlaps:
            tell_named_by_itself(frame, owner, value, target, node)
        if frame.tracks:
            item_written(frame, owner, before, target, node)
        write_to_leaf(frame, owner, target.value, node)
    else:
        before = frame.at(target)
        shaped = type(target) is cst.Name and target.value in frame.evidence.shaped  # no number has a shape
        if type(target) is cst.Name and frame.interpreter.eager and frame.outline is not None:
            shaped = shaped or is_given_as_array(frame.outline, target.value)
        if not _is_undone(frame, node):
            written(frame, before, target, node, fills=False, data=shaped)
        write_to_leaf(frame, before, target, node)

    def after(one: Kind, other: Kind) -> Kind | Value:
        if isinstance(one, Sequence):
            added = element_of(frame, just(other), node.value)
            return Sequence(None, join(*(one.items if one.items is not None else (one.element,)), added), one.mutable)
        result = binary(frame, one, other, node)
        kept = one.memory if isinstance(one, Tensor | Array | Opaque) else None
        if kept is not None and isinstance(result, Tensor | Array | Opaque):
            return replace(result, memory=kept)
        return result

    from torchconv_lint.analysis.domain.product import combine

    result = combine([before, value], after) or UNKNOWN
    if type(target) is cst.Attribute:  # what is added becomes part of what others see
        escape(frame, value)
    if isinstance(node.operator, cst.AddAssign | cst.SubtractAssign):
        if any(isinstance(kind, Sequence) for kind, _ in before):
            result = accumulated_list(frame, node, target, before, value, result)
        else:
            result = accumulated(frame, node, target, before, value, node.value, result)
    if isinstance(target, cst.Name | cst.Attribute):
        if dotted_path(target) is not None:
            frame.bind(dotted_path(target) or "", with_memory(frame, result, node) if frame.tracks else result)
    elif type(target) is cst.Subscript and any(isinstance(kind, Sequence | Mapping) for kind, _ in owner):
        key = key_of(frame, target)
        write_back(frame, target.value, each(owner, lambda kind: stored(kind, key, result)))
