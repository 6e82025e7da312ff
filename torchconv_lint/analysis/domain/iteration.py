"""Elements: what iterating, indexing or unpacking a value gives."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from torchconv_lint.analysis.domain.conditions import stable_path
from torchconv_lint.analysis.domain.devices import PARAMETERS
from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.shapes import shaped
from torchconv_lint.analysis.domain.values import (
    NOTHING,
    UNKNOWN,
    Array,
    Const,
    Dtype,
    External,
    Fact,
    Kind,
    Loader,
    Mapping,
    Module,
    Number,
    Opaque,
    Sequence,
    Tensor,
    Value,
    each,
    join,
    just,
    part_of,
    under,
)
from torchconv_lint.analysis.nodes.names import longer_path
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    import libcst as cst

    from torchconv_lint.analysis.domain.frame import Frame

MAX_NESTING = 3


def element_of(frame: Frame, value: Value, node: cst.CSTNode) -> Value:
    """What one step of iterating over `value` gives."""
    found = each(value, lambda kind: _element(frame, kind, node))
    return found or UNKNOWN


def _element(frame: Frame, kind: Kind, node: cst.CSTNode, *, unpacking: bool = False) -> Kind | Value:
    if isinstance(kind, Sequence):
        if kind.items is None:
            return kind.element
        return join(*kind.items) if kind.items else NOTHING
    if isinstance(kind, Tensor):
        return replace(shaped(kind, kind.shape[1:] if kind.shape else None), path=None)
    if isinstance(kind, Array):
        return _row(kind)
    if isinstance(kind, Loader):
        site = frame.site(node)
        on_cpu = Fact("cpu").then(site, "a DataLoader yields its batches on the CPU", Confidence.LIKELY)
        return Opaque(guess=Tensor(device=kind.device or on_cpu, grad=Fact(False, confidence=Confidence.LIKELY)))
    if isinstance(kind, Module) and kind.name in ("ModuleList", "Sequential"):
        return Module(None, kind.device, kind.trainable, kind.dtype)
    if isinstance(kind, Mapping):
        keys = [just(Const(key)) for key, _ in kind.items if isinstance(key, str)]
        return join(*keys, UNKNOWN) if keys else UNKNOWN
    if isinstance(kind, External) and kind.name == "h5py.File()" and frame.interpreter.eager:
        return kind  # `for name, group in file.items()`
    if isinstance(kind, External) and kind.name == "matplotlib.axes.Axes":
        return kind  # `figure, (left, right) = plt.subplots(1, 2)`
    if isinstance(kind, Opaque):
        # A part of what may be one tensor, or hold several: it may as well be anything else that was given with them.
        memory = kind.memory if kind.guess else part_of(kind.memory, "item")
        return replace(kind, path=None, memory=memory, tensorish=kind.tensorish and unpacking)
    return UNKNOWN


def _row(array: Array) -> Kind:
    """What lies along the first axis: an array again, or numbers."""
    if array.ndim == 1:
        return Number(numpy=True)
    turned = array.reversed
    if turned is not None:
        axis = str(turned.value)
        turned = replace(turned, value=str(int(axis) - 1)) if axis.isdigit() and axis != "0" else None
        if axis == "-1":
            turned = array.reversed
    row = replace(array, path=None, ndim=None if array.ndim is None else array.ndim - 1, reversed=turned)
    return row if row.ndim is not None else Opaque(memory=array.memory, array=row)


def unpacked(frame: Frame, value: Value, count: int, position: int, node: cst.CSTNode) -> Value:
    """The item at `position` when `value` is unpacked into `count` targets."""

    def item(kind: Kind) -> Kind | Value:
        if isinstance(kind, Sequence) and kind.items is not None and len(kind.items) == count:
            return kind.items[position]
        if isinstance(kind, Sequence) and kind.items is not None:
            return NOTHING
        return _nth(kind, _aside(_element(frame, kind, node, unpacking=True), position), position)

    tuples = tuple(alt for alt in value if isinstance(alt.kind, Sequence) and len(alt.kind.items or ()) == count)
    if tuples:
        tuples += tuple(alt for alt in value if isinstance(alt.kind, Opaque) and _is_gathered(alt.kind))
    return each(tuples or value, item) or UNKNOWN  # who unpacks a tuple or something else means the tuple


def _is_gathered(kind: Opaque) -> bool:
    """Whether it is what `DataParallel` gathers, which is a tuple if the module gives one."""
    return kind.tensorish and kind.guess is not None and kind.guess.count is not None


def _aside(item: Kind | Value, position: int) -> Kind | Value:
    """What an unseen module gives beside its first output may be anything: what it was made of, or what was chosen."""
    if not position or not isinstance(item, Opaque) or item.guess is None or item.guess.grad is None:
        return item
    return replace(item, guess=replace(item.guess, grad=item.guess.grad.weaker(Confidence.POSSIBLE)))


def _nth(whole: Kind, item: Kind | Value, position: int) -> Kind | Value:
    """One of the items that are told apart by their position: what is written to one leaves the others as they are."""
    if isinstance(whole, Opaque) and isinstance(item, Opaque) and not whole.guess:
        return replace(item, memory=part_of(whole.memory, position))
    if isinstance(item, Tensor | Array | Opaque) and item.memory is not None:
        return replace(item, memory=replace(item.memory, part=f"[{position}]"))
    return item


def constant_key(key: Value) -> Any:
    """What a dict knows a key by: a constant, or the name of one of another file; None if neither is known."""
    only = key[0].kind if len(key) == 1 else None
    return only.value if isinstance(only, Const) else only if isinstance(only, Dtype | External) else None


def item_of(frame: Frame, kind: Kind, key: Value, node: cst.CSTNode) -> Kind | Value:
    """`kind[key]` for a key that is not a slice."""
    constant = key[0].kind.value if len(key) == 1 and isinstance(key[0].kind, Const) else None
    if isinstance(kind, Sequence) and kind.items is not None and isinstance(constant, int):
        known = range(-len(kind.items), len(kind.items))
        return kind.items[constant] if constant in known else NOTHING
    if isinstance(kind, Mapping):
        known_as = constant_key(key)
        return looked_up(kind, known_as, path=stable_path(key) if known_as is None else None)
    if constant == "params" and frame.interpreter.eager and isinstance(kind, Opaque) and _is_group(frame, node):
        return Sequence(None, just(Tensor(path=f"{kind.path or 'group'}{PARAMETERS}")))  # a group of an optimiser
    if isinstance(kind, Opaque):
        suffix = f"[{constant!r}]"
        memory = kind.memory if kind.guess else part_of(kind.memory, constant if constant is not None else "item")
        return replace(kind, path=longer_path(kind.path, suffix) if constant is not None else None, memory=memory)
    if isinstance(kind, Array):
        return _row(kind)
    return _element(frame, kind, node)


_GROUP = re.compile(r"group|(^|_)p?g\[|param_groups")


def _is_group(frame: Frame, node: cst.CSTNode) -> bool:
    """Whether the item is taken of what is called like a group of an optimiser's parameters."""
    return _GROUP.search(frame.text(node)) is not None


def looked_up(kind: Mapping, constant: Any, *, path: str | None = None) -> Value:
    """What a dict holds under a key; None is one that is not known, but perhaps what stands at `path`: each item is
    what is found where that is its key, which later tests may ask again."""
    if constant is None:
        return _any_of(kind, path) or UNKNOWN
    value = kind.get(constant)
    if value is None and isinstance(constant, External):  # it may be the name of any of them
        return _any_of(kind) or UNKNOWN
    return value if value is not None else kind.element or UNKNOWN


def _any_of(kind: Mapping, path: str | None = None) -> Value:
    """What a key nobody knows gives. Where only some of the values are tensors, that it is one is a guess."""
    if path is not None and all(isinstance(known, str) for known, _ in kind.items):
        asked = (frozenset({(("Equal", path, ("const", "str", known)), True)}) for known, _ in kind.items)
        parts = [under(value, when) for (_, value), when in zip(kind.items, asked, strict=True)]
    else:
        parts = [value for _, value in kind.items]
    value = join(kind.element, *parts)
    if not kind.items or not any(isinstance(one, Tensor) for one, _ in value):
        return value
    if all(isinstance(one, Tensor) or (isinstance(one, Opaque) and one.tensorish) for one, _ in value):
        return value
    return each(value, lambda one: Opaque(guess=one) if isinstance(one, Tensor) else one)


def appended(kind: Sequence, item: Value) -> Sequence:
    """The list after one more element: its length is not counted any further."""
    if _nesting(item) >= MAX_NESTING:
        item = UNKNOWN
    parts = (item, *kind.items) if kind.items is not None else (item, kind.element)
    return Sequence(None, join(*parts), kind.mutable, kind.lazy)


def stored(kind: Kind, key: Value, item: Value) -> Kind:
    """The container after `kind[key] = item`."""
    if _nesting(item) >= MAX_NESTING:
        item = UNKNOWN
    constant = constant_key(key)
    if isinstance(kind, Mapping):
        if isinstance(constant, str | int | External):
            others = tuple((known, value) for known, value in kind.items if known != constant)
            return Mapping((*others, (constant, item)), kind.element)
        return Mapping(kind.items, join(kind.element, item))
    if isinstance(kind, Sequence):
        return appended(kind, item)
    return kind


def _nesting(value: Value) -> int:
    depth = 0
    for kind, _ in value:
        if isinstance(kind, Sequence):
            inner = kind.items if kind.items is not None else (kind.element,)
        elif isinstance(kind, Mapping):
            inner = (kind.element, *(item for _, item in kind.items))
        else:
            continue
        depth = max(depth, 1 + max((_nesting(item) for item in inner), default=0))
    return depth


def flattened(kind: Kind) -> Kind:
    """A dict of dicts as one dict: which key a value has become is not followed."""
    return Mapping((), _values(kind)) if isinstance(kind, Mapping) else kind


def _values(kind: Mapping) -> Value:
    parts = [
        _values(inner.kind) if isinstance(inner.kind, Mapping) else (inner,)
        for value in (kind.element, *(item for _, item in kind.items))
        for inner in value
    ]
    return join(*parts) if parts else NOTHING


def flat(value: Value) -> Value:
    """What a container holds, at any depth; other values as they are."""
    parts: list[Value] = []
    for alt in value:
        if isinstance(alt.kind, Sequence):
            items = alt.kind.items if alt.kind.items is not None else (alt.kind.element,)
            parts.extend(flat(item) for item in items)
        else:
            parts.append((alt,))
    return join(*parts) if parts else NOTHING
