"""Items that a program replaces one by one: after `x[i] = x[i].cpu()` the item is on the CPU, as long as `i` and `x`
stay what they are; after a loop that does so for every `i`, all of them are."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

import libcst as cst

from torchconv_lint.analysis.domain.iteration import item_of, stored
from torchconv_lint.analysis.domain.values import (
    UNKNOWN,
    Mapping,
    Opaque,
    Sequence,
    Value,
    each,
    join,
    just,
    possible,
    under,
)
from torchconv_lint.analysis.nodes.names import dotted_path
from torchconv_lint.analysis.syntax.outline import dotted
from torchconv_lint.analysis.syntax.walking import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torchconv_lint.analysis.domain.frame import Frame
    from torchconv_lint.analysis.domain.values import Alt, Kind, When

Place = tuple[str, str]
"""The dotted path of a container, and the name, or the quoted text, that it is indexed with."""


class Item(NamedTuple):
    """What is known of one item: `value` is what it is, `others` the container with what the item was before."""

    value: Value
    others: Value


Items = dict[Place, Item]
NO_ITEMS: Items = {}


def without(items: Items, name: str) -> Items:
    """What is left when `name` is bound anew, be it the container, what it belongs to, or the index."""
    attributes = name + "."
    return {
        place: item
        for place, item in items.items()
        if place[0] != name and place[1] != name and not place[0].startswith(attributes)
    }


def met(one: Items, here: When, other: Items, there: When) -> Items:
    """What two paths agree to know."""
    if not one or not other:
        return NO_ITEMS
    return {
        place: Item(
            join(under(item.value, here), under(other[place].value, there)),
            join(under(item.others, here), under(other[place].others, there)),
        )
        for place, item in one.items()
        if place in other
    }


def place_of(node: cst.BaseExpression) -> Place | None:
    """The place that `container[name]` or `container["text"]` speaks of."""
    if type(node) is not cst.Subscript or len(node.slice) != 1:
        return None
    index = node.slice[0].slice
    path = dotted_path(node.value)
    if path is None or type(index) is not cst.Index or type(index.value) not in (cst.Name, cst.SimpleString):
        return None
    name: str = index.value.value  # type: ignore[attr-defined]
    return path, name


def known_item(frame: Frame, node: cst.Subscript) -> Value | None:
    """What the code at hand has made of `container[name]`."""
    items = frame.state.items
    place = place_of(node) if items else None
    item = items.get(place) if place is not None else None
    return possible(item.value, frame.state.path) if item is not None else None


def store_item(frame: Frame, target: cst.Subscript, owner: Value, key: Value, value: Value) -> bool:
    """`owner[key] = value` where the key is a name, or a text and the owner is not known item by item; whether that is
    what it was."""
    place = place_of(target)
    if place is None or not _holds_objects(owner):
        return False
    if _is_text(place[1]) and not all(isinstance(kind, Opaque) for kind, _ in owner):
        return False
    before = frame.state.items.get(place)
    others = before.others if before is not None else owner
    _become(frame, place, others, key, value)
    return True


def _become(frame: Frame, place: Place, others: Value, key: Value, value: Value) -> None:
    """From here on the item is `value`; its container holds that, and what the others are."""
    beside = {}
    if _is_text(place[1]):  # another text is another item
        beside = {one: item for one, item in frame.state.items.items() if one[0] == place[0] and _is_text(one[1])}
    frame.bind(place[0], each(others, lambda kind: stored(kind, key, value)))
    frame.state.hold({**frame.state.items, **beside, place: Item(value, others)})


def _is_text(index: str) -> bool:
    return index[:1] in ('"', "'")


def narrow_item(frame: Frame, node: cst.Subscript, wanted: Callable[[Kind], Kind | bool]) -> bool:
    """After a test of `container[name]`: the item as what it is then. False if it cannot be."""
    place = place_of(node)
    item = frame.state.items.get(place) if place is not None else None
    if place is None or item is None:
        return True
    kept: list[Alt] = []
    for alt in item.value:
        answer = wanted(alt.kind)
        if answer is not False:
            kept.append(alt if answer is True else alt._replace(kind=answer))
    if item.value and not kept:
        return False
    if len(kept) < len(item.value) or any(one is not other for one, other in zip(kept, item.value, strict=True)):
        _become(frame, place, item.others, UNKNOWN, tuple(kept))
    return True


def begin_round(frame: Frame, node: cst.For, replaced: frozenset[Place]) -> None:
    """A round of a loop begins: what its items are before it replaces them."""
    for path, name in replaced:
        owner = frame.read(path)
        if owner and _holds_objects(owner):
            value = each(owner, lambda kind: item_of(frame, kind, UNKNOWN, node.iter))
            frame.state.hold({**frame.state.items, (path, name): Item(value or UNKNOWN, _as_one(owner))})


def _as_one(owner: Value) -> Value:
    """Lists, and dicts, that differ in nothing but what is in them, as one: each round would leave another one."""
    lists: list[tuple[Sequence, When]] = []
    dicts: list[tuple[Mapping, When]] = []
    rest: list[Alt] = []
    for alt in owner:
        if isinstance(alt.kind, Sequence):
            lists.append((alt.kind, alt.when))
        elif isinstance(alt.kind, Mapping) and not alt.kind.items:
            dicts.append((alt.kind, alt.when))
        else:
            rest.append(alt)
    if len(lists) < 2 and len(dicts) < 2:
        return owner
    parts = [under(part, when) for kind, when in lists for part in (kind.items or (kind.element,))]
    if parts:
        rest += just(Sequence(None, join(*parts), any(kind.mutable for kind, _ in lists)))
    if dicts:
        rest += just(Mapping((), join(*(under(kind.element, when) for kind, when in dicts))))
    return tuple(rest)


def end_loop(frame: Frame, node: cst.For) -> None:
    """A loop has come to its end: a container all of whose items it has replaced holds nothing else."""
    place = gone_through(node)
    item = frame.state.items.get(place) if place is not None else None
    if place is None or item is None:
        return

    def changed(kind: Kind) -> Kind | Value:
        if isinstance(kind, Mapping):
            return Mapping((), item.value)
        return Sequence(None, item.value, kind.mutable if isinstance(kind, Sequence) else True)

    owner = frame.read(place[0])
    if owner and any(isinstance(kind, Mapping) for kind, _ in owner) and _over_items(node):
        frame.bind(place[0], just(Mapping((), item.value)))
    elif owner:
        frame.bind(place[0], each(owner, changed))


def gone_through(node: cst.For) -> Place | None:
    """The container that the loop goes through whole, and the name that stands for where it is: an index or a key."""
    target, over = node.target, node.iter
    first = target.elements[0].value if type(target) is cst.Tuple and len(target.elements) == 2 else None
    name = first if first is not None else target
    if type(name) is not cst.Name:
        return None
    called = over.func if type(over) is cst.Call else None
    arguments = [argument.value for argument in over.args] if type(over) is cst.Call else []
    path: str | None = None
    if type(called) is cst.Attribute and called.attr.value in ("items", "keys") and not arguments:
        path = dotted_path(called.value) if (called.attr.value == "items") is (first is not None) else None
    elif type(called) is cst.Name and len(arguments) == 1:
        inner = arguments[0]
        if called.value == "enumerate" and first is not None:
            path = dotted_path(inner)
        elif called.value == "range" and first is None and type(inner) is cst.Call and len(inner.args) == 1:
            counts = type(inner.func) is cst.Name and inner.func.value == "len"
            path = dotted_path(inner.args[0].value) if counts else None
        elif called.value in ("list", "tuple", "sorted") and first is None:
            path = dotted_path(inner)
    elif called is None and first is None:
        path = dotted_path(over)
    return (path, name.value) if path is not None else None


def _over_items(node: cst.For) -> bool:
    return type(node.iter) is cst.Call and type(node.iter.func) is cst.Attribute


def replaced_in(frame: Frame, node: cst.For) -> frozenset[Place]:
    """The items that the body of a loop assigns by one of the names that the loop binds; looked for once, in the ast,
    as most loops have none."""
    known = frame.interpreter.replaced.get(node)
    if known is None:
        origin = frame.segment.origin(node)
        places = _replaced(origin) if isinstance(origin, ast.For | ast.AsyncFor) else ()
        known = frame.interpreter.replaced[node] = frozenset(places)
    return known


def _replaced(loop: ast.For | ast.AsyncFor) -> Iterator[Place]:
    names = loop.target.elts if isinstance(loop.target, ast.Tuple) else [loop.target]
    bound = {name.id for name in names if isinstance(name, ast.Name)}
    for node in walk(loop):
        for target in node.targets if isinstance(node, ast.Assign) else ():
            if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Name) and target.slice.id in bound:
                path = dotted(target.value)
                if path is not None:
                    yield path, target.slice.id


def _holds_objects(owner: Value) -> bool:
    """Whether storing an item leaves the item as it is: in a list or a dict, not in a tensor or an array."""
    return bool(owner) and all(
        isinstance(kind, Sequence | Mapping) or (isinstance(kind, Opaque) and kind.tensorish and kind.array is None)
        for kind, _ in owner
    )
