"""Calls of Python's builtins and of methods of lists and dicts."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.computing.tensors import computed, operands_in
from torchconv_lint.analysis.domain.iteration import appended, element_of, stored
from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.values import (
    NONE,
    NOTHING,
    NUMBER,
    UNKNOWN,
    Array,
    Const,
    Instance,
    Kind,
    Mapping,
    Number,
    Opaque,
    Sequence,
    Tensor,
    Value,
    each,
    join,
    just,
)
from torchconv_lint.analysis.nodes.names import dotted_path, receiver_of
from torchconv_lint.analysis.semantics.elements import (
    tell_hashed,
    tell_index,
    tell_list_method,
    tell_order,
    tell_rounded,
    tell_taken_apart,
)
from torchconv_lint.analysis.semantics.narrowing import instance_of, type_names
from torchconv_lint.analysis.semantics.truth import ask_truth
from torchconv_lint.analysis.syntax.outline import attribute_family, named_attribute
from torchconv_lint.analysis.telling.conversions import tell_cut_off, tell_scalar
from torchconv_lint.analysis.telling.cuts import cut_off
from torchconv_lint.analysis.telling.kept_graphs import contained
from torchconv_lint.analysis.telling.reads import tell_text
from torchconv_lint.analysis.telling.sharing import kept, relabelled

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.frame import Arguments, Frame
    from torchconv_lint.analysis.domain.values import Memory


def call_builtin(frame: Frame, name: str, arguments: Arguments, node: cst.Call) -> Kind | Value | None:
    """Call a builtin; None if nothing is known of it."""
    first = arguments.value(0)
    if name in ("float", "int", "complex") and arguments.positional:
        subject = arguments.positional[0].node
        tell_scalar(frame, first, subject, name, node)
        if name == "int":
            tell_cut_off(frame, first, subject, node)
        return Number(cuts=cut_off(frame, first, node, "number", subject, asked=True))
    if name == "bool" and arguments.positional:
        ask_truth(frame, arguments.positional[0].node, first, "bool", condition=True)
        return just(Opaque())
    if name in ("max", "min", "sorted"):
        tell_order(frame, name, arguments, node)
    if name in ("set", "frozenset") and arguments.positional:
        tell_hashed(frame, first, arguments.positional[0].node, node, name)
    if name in ("list", "tuple", "sorted", "reversed", "set", "iter"):
        if not first:
            return Sequence((), NOTHING, lazy="set" if name == "set" else "")
        single = first[0].kind if len(first) == 1 else None
        if name in ("list", "tuple") and isinstance(single, Sequence) and single.items is not None:
            return Sequence(single.items, NOTHING, name == "list")
        lazy = "reversed object" if name == "reversed" else name if name in ("set", "iter") else ""
        return Sequence(None, element_of(frame, first, node), name != "tuple", lazy)
    if name in ("dict",):
        items = tuple((key, argument.value) for key, argument in arguments.keywords.items())
        if not items and first and all(isinstance(kind, Mapping) and not kind.items for kind, _ in first):
            return first  # the items of a state, say, which are what they were
        return Mapping(items, NOTHING if not first and not arguments.double_star else UNKNOWN)
    if name == "enumerate":
        return Sequence(
            None, just(Sequence((NUMBER, element_of(frame, first, node)), NOTHING, mutable=False)), lazy="enumerate"
        )
    if name == "zip":
        if arguments.star:
            columns = _columns(arguments)
            if columns:
                return Sequence(tuple(columns), NOTHING, lazy="zip")
            inner = element_of(frame, arguments.star, node)
            return Sequence(None, just(Sequence(None, inner, mutable=False)), lazy="zip")
        elements = tuple(element_of(frame, argument.value, node) for argument in arguments.positional)
        return Sequence(None, just(Sequence(elements, NOTHING, mutable=False)), lazy="zip")
    if name == "next":
        return each(first, lambda kind: _next_of(frame, kind, node)) or UNKNOWN
    if name == "range":
        for argument in arguments.positional:
            tell_index(frame, argument.value, argument.node, "range")
        return Sequence(None, NUMBER)
    if name in ("sum", "max", "min"):
        tell_taken_apart(frame, name, arguments, node)
        return _fold(frame, name, arguments, node)
    if name == "round" and arguments.positional:
        tell_rounded(frame, first, arguments.positional[0].node, node)
    if name in ("abs", "round", "pow"):
        return each(first, lambda kind: _like(frame, kind)) or UNKNOWN
    if name == "map" and len(arguments.positional) >= 2:
        return _map(frame, arguments, node)
    if name == "filter" and len(arguments.positional) == 2:
        return Sequence(None, element_of(frame, arguments.value(1), node), lazy="filter")
    if name in ("len", "hash", "id", "ord"):
        return Number()
    if name in ("print", "str", "repr", "format"):
        for argument in arguments.positional:
            tell_text(frame, argument.value, argument.node, node, name)
    if name == "setattr" and len(arguments.positional) == 3:
        set_by_name(frame, arguments.positional[0].node, arguments.value(2), node)
    if name in ("print", "setattr", "delattr"):
        return NONE
    if name == "isinstance" and arguments.count == 2:
        return _asked_type(arguments.value(0), arguments.value(1))
    if name in ("str", "repr", "isinstance", "hasattr", "callable", "issubclass", "type", "format"):
        return UNKNOWN
    if name == "getattr" and len(arguments.positional) >= 2:
        return _by_name(frame, arguments, node)
    return None


def _columns(arguments: Arguments) -> list[Value]:
    """What `zip(*rows)` gives, if each row is a tuple of the same length: things of one place stay together."""
    rows = [kind.items for kind, _ in arguments.star if isinstance(kind, Sequence)]
    lengths = {len(row or ()) for row in rows}
    if arguments.positional or len(rows) != len(arguments.star) or len(lengths) != 1:
        return []
    places = zip(*(row or () for row in rows), strict=True)
    return [just(Sequence(None, join(*values), mutable=False)) for values in places]


def _next_of(frame: Frame, kind: Kind, node: cst.Call) -> Value:
    """`next(kind)`: what a generator that somebody has handed over gives is made by the generator."""
    element = element_of(frame, just(kind), node)
    if not isinstance(kind, Opaque) or kind.guess is not None:
        return element
    return each(element, lambda one: replace(one, memory=None) if isinstance(one, Opaque) else one)


def set_by_name(frame: Frame, owner: cst.CSTNode, value: Value, node: cst.Call) -> None:
    """`setattr(self, f"net{i}", value)`: one of a family of attributes becomes that, and the others stay."""
    code, this = frame.segment.origin(node), dotted_path(owner)
    family = named_attribute(code, this) if isinstance(code, ast.Call) and this is not None else None
    if family is not None:
        path = f"{this}.{family}"
        before = frame.read(path) if family.endswith("*") else None
        frame.bind(path, join(before, value) if before is not None else value)


def _by_name(frame: Frame, arguments: Arguments, node: cst.Call) -> Value:
    """`getattr(self, f"net{i}")`: any of the family; the default, if there is one, as well."""
    from torchconv_lint.analysis.semantics.classes import attribute

    code = frame.segment.origin(node)
    family = attribute_family(code.args[1]) if isinstance(code, ast.Call) else None
    owners = [alt.kind for alt in arguments.value(0) if isinstance(alt.kind, Instance)]
    if family is None or not owners:
        return UNKNOWN
    path = dotted_path(arguments.positional[0].node)
    known = frame.read(f"{path}.{family}") if path is not None else None
    value = known or join(*(_value(attribute(frame, owner, family, node)) for owner in owners))
    return join(value, arguments.value(2)) if arguments.value(2) else value


def _value(found: Kind | Value) -> Value:
    return just(found) if isinstance(found, Kind) else found


def _like(frame: Frame, kind: Kind) -> Kind:
    return (
        computed(frame, [kind], count=kind.count, dtype=kind.dtype, shape=kind.shape)
        if isinstance(kind, Tensor)
        else Number()
    )


def _fold(frame: Frame, name: str, arguments: Arguments, node: cst.Call) -> Kind | Value:
    if len(arguments.positional) > 1 and name != "sum":
        values = [argument.value for argument in arguments.positional]
    else:
        values = [element_of(frame, arguments.value(0), node)]
    held = join(*values) if values else UNKNOWN

    def total(kind: Kind) -> Kind | Value:
        operands = operands_in([just(kind)])
        if not operands:
            return Number() if isinstance(kind, Number | Const) else UNKNOWN
        result = computed(frame, operands, linear=name == "sum")
        return result if isinstance(kind, Tensor) else Opaque(guess=result, tensorish=getattr(kind, "tensorish", False))

    return each(held, total) or UNKNOWN


def _map(frame: Frame, arguments: Arguments, node: cst.Call) -> Kind:
    from torchconv_lint.analysis.calling.calls import call_kind
    from torchconv_lint.analysis.domain.frame import Argument
    from torchconv_lint.analysis.domain.frame import Arguments as Given

    given = tuple(
        Argument(element_of(frame, argument.value, node), argument.node) for argument in arguments.positional[1:]
    )
    return Sequence(
        None, each(arguments.value(0), lambda kind: call_kind(frame, kind, Given(given), node)) or UNKNOWN, lazy="map"
    )


def call_container_method(
    frame: Frame, kind: Sequence | Mapping, name: str, arguments: Arguments, node: cst.Call, func: cst.BaseExpression
) -> Kind | Value:
    """`container.name(...)`: containers are values here, so a method that changes one is an assignment to its name."""
    first = arguments.value(0)
    if isinstance(kind, Sequence):
        if name in ("append", "add", "appendleft", "insert"):
            item = arguments.value(1) if name == "insert" else first
            if arguments.positional:
                item = contained(frame, node, receiver_of(func), just(kind), item, arguments.positional[-1].node)
            item = _kept(frame, item, arguments, func)
            frame.write_back(func, just(appended(_by_now(frame, kind, func), item)))
            return NONE
        if name in ("extend", "update"):
            added = element_of(frame, first, node)
            listed = arguments.positional[0].node if arguments.positional else None
            if type(listed) is cst.List:  # `losses.extend([loss, penalty])`
                added = contained(frame, node, receiver_of(func), just(kind), added, listed)
                added = _kept(frame, added, arguments, func)
            frame.write_back(func, just(appended(kind, added)))
            return NONE
        if name == "clear":
            frame.write_back(func, just(Sequence((), NOTHING)))
            return NONE
        if name in ("pop", "popleft", "__getitem__"):
            return element_of(frame, just(kind), node)
        if name == "copy":
            return kind
        tell_list_method(frame, kind, name, arguments, node)
        return NUMBER if name in ("index", "count") else NONE
    return _mapping_method(frame, kind, name, arguments, node, func)


def _by_now(frame: Frame, kind: Sequence, func: cst.BaseExpression) -> Sequence:
    """The list as it is known once it is to get one more item: what it had of the kind before is told apart."""
    if not frame.tracks:
        return kind
    value = frame.at(receiver_of(func))
    return value[0].kind if len(value) == 1 and isinstance(value[0].kind, Sequence) else kind


def _kept(frame: Frame, item: Value, arguments: Arguments, func: cst.BaseExpression) -> Value:
    if not frame.tracks or not arguments.positional:
        return item
    return kept(frame, item, arguments.positional[-1].node, frame.text(receiver_of(func)), container=True)


def _mapping_method(
    frame: Frame, kind: Mapping, name: str, arguments: Arguments, node: cst.Call, func: cst.BaseExpression
) -> Kind | Value:
    everything = join(kind.element, *(value for _, value in kind.items))
    if name == "items":
        pair = just(Sequence((UNKNOWN, everything or UNKNOWN), NOTHING, mutable=False))
        return Sequence(None, pair, lazy="dict items")
    if name == "values":
        if kind.items and not kind.element:
            return Sequence(tuple(value for _, value in kind.items), NOTHING, lazy="dict values")
        return Sequence(None, everything or UNKNOWN, lazy="dict values")
    if name == "keys":
        return Sequence(None, UNKNOWN, lazy="dict keys")
    if name in ("get", "pop", "setdefault"):
        from torchconv_lint.analysis.domain.iteration import item_of

        found = item_of(frame, kind, arguments.value(0), node)
        default = arguments.value(1)
        value = just(found) if isinstance(found, Kind) else found
        if name == "pop":
            value = relabelled(value, lambda memory: _taken_out(memory, arguments.value(0)))
        if name == "setdefault" and default:
            frame.write_back(func, just(stored(kind, arguments.value(0), join(value, default))))
        return join(value, default or NONE)
    if name == "update":
        result: Kind = kind
        for key, argument in arguments.keywords.items():
            result = stored(result, just(Const(key)), argument.value)
        for other, _ in arguments.value(0):
            if isinstance(other, Mapping):
                for key, value in other.items:
                    result = stored(result, just(Const(key)), value)
                if other.element:
                    result = stored(result, UNKNOWN, other.element)
            elif isinstance(other, Opaque):
                result = stored(result, UNKNOWN, UNKNOWN)
        frame.write_back(func, just(result))
        return NONE
    if name == "copy":
        return kind
    return UNKNOWN


def _taken_out(memory: Memory, key: Value) -> Memory:
    """The memory of what has been taken out of a dict: its other items have nothing to do with it any more."""
    only = key[0].kind.value if len(key) == 1 and isinstance(key[0].kind, Const) else None
    name = only if isinstance(only, str) else memory.name
    return replace(memory, key=("popped", memory.key, only), name=name)


def _asked_type(value: Value, types: Value) -> Value:
    """`isinstance(value, types)`, where what is known of the value decides it."""
    names = type_names(types)
    kinds = [kind for kind, _ in value]
    if names and kinds and all(isinstance(kind, Tensor | Array) for kind in kinds):
        for answer in (True, False):
            if not any(instance_of(kind, names, not answer) for kind in kinds):
                return just(Const(answer))
    return UNKNOWN
