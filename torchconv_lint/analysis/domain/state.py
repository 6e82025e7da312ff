"""What holds at a point of the program: names, what was tested on the way, the grad mode, and which memory is stale."""

from __future__ import annotations

import functools
from dataclasses import field
from typing import TYPE_CHECKING, Any

from torchconv_lint.analysis.domain.replaced_items import NO_ITEMS, Item, Items, met, without
from torchconv_lint.analysis.domain.underway import NOTHING_UNDERWAY, Underway, join_underway
from torchconv_lint.analysis.domain.values import ALWAYS, Alt, Value, When, join, under
from torchconv_lint.model import Confidence
from torchconv_lint.record import record

if TYPE_CHECKING:
    from collections.abc import Callable

    from torchconv_lint.analysis.nodes.site import Site


@record
class Write:
    """An in-place write. `fills` tells an overwrite of whole elements from an update that reads first (`+=`, `add_`);
    `by_step` an optimiser's step. `part` is that of the memory that is written, and leaves others as they are; `sure`
    is how certain it is that what is written shares it, `supposed` as in `Memory`."""

    site: Site
    target: str = field(compare=False)
    side: tuple[Any, ...]
    fills: bool
    by_step: bool = False
    how: tuple[tuple[Site, str], ...] = field(default=(), compare=False)
    part: str = ""
    sure: Confidence = field(default=Confidence.CERTAIN, compare=False)
    supposed: bool = field(default=False, compare=False)


StaleKey = tuple[Any, ...]


class State:
    """A mutable record, copied at branches.

    `names` maps a local name, or a dotted path such as "self.device", to its value. `grad` is the grad mode: None when
    it is not known. `stale` maps (allocation, side) to the writes that the side has suffered from another side.
    `narrowed` are dotted paths that a test, and no assignment, has put among the names. `underway` are copies that have
    not been waited for. `identities`: what conditions know a name by for as long as it is not assigned again; never
    changed in place. `items`: what the code at hand has made of single items of containers (see replaced_items.py);
    never changed in place either. `version` is another object after every change of `names` or `items`, which only
    methods make.
    """

    __slots__ = ("grad", "identities", "items", "names", "narrowed", "path", "stale", "underway", "version")

    def __init__(
        self,
        names: dict[str, Value],
        path: When = ALWAYS,
        grad: bool | None = True,
        stale: dict[StaleKey, frozenset[Write]] | None = None,
        narrowed: frozenset[str] = frozenset(),
        underway: Underway = NOTHING_UNDERWAY,
        identities: dict[str, Any] | None = None,
        items: Items = NO_ITEMS,
    ) -> None:
        self.names = names
        self.path = path
        self.grad = grad
        self.stale = stale if stale is not None else {}
        self.narrowed = narrowed
        self.underway = underway
        self.identities = identities if identities is not None else {}
        self.items = items
        self.version = object()

    def copy(self) -> State:
        """An independent copy."""
        stale = dict(self.stale) if self.stale else {}
        twin = State(dict(self.names), self.path, self.grad, stale, self.narrowed, self.underway, self.identities)
        twin.items = self.items
        twin.version = self.version
        return twin

    def put(self, name: str, value: Value) -> None:
        """Set a name or dotted path."""
        self.names[name] = value
        self.version = object()
        if self.items:
            self.items = without(self.items, name)

    def drop(self, name: str) -> None:
        """Unset a name or dotted path."""
        self.names.pop(name, None)
        self.version = object()
        if self.items:
            self.items = without(self.items, name)

    def hold(self, items: Items) -> None:
        """From here on, these items of containers are known."""
        self.items = items
        self.version = object()

    def relabel(self, concerns: Callable[[Value], bool], change: Callable[[Value], Value]) -> None:
        """Tell other things of what `concerns` picks; nothing is bound anew."""
        for name, value in self.names.items():
            if concerns(value):
                self.names[name] = change(value)
                self.version = object()
        if self.items:
            self.hold({place: Item(change(item.value), change(item.others)) for place, item in self.items.items()})

    def identify(self, name: str, identity: Any) -> None:
        """From here on, conditions know `name` by `identity`; None: by nothing."""
        if self.identities.get(name) != identity:
            others = {known: other for known, other in self.identities.items() if known != name}
            self.identities = others if identity is None else {**others, name: identity}

    def forget_conditions(self, identity: Any) -> None:
        """What `identity` stands for is made anew (in a loop): what conditions on it told is forgotten."""
        self.path = _without(self.path, identity)
        for name, value in self.names.items():
            for alt in value:
                if alt.when and any(mentions(key, identity) for key, _ in alt.when):
                    self.put(name, tuple(Alt(alt.kind, _without(alt.when, identity)) for alt in value))
                    break

    def same_as(self, other: State) -> bool:
        """Whether nothing new is known, so that a loop has converged."""
        same = self.names == other.names and self.stale == other.stale and self.grad == other.grad
        return same and self.underway == other.underway


def join_states(one: State | None, other: State | None) -> State | None:
    """The state after two paths meet; a value that differs keeps the conditions of its path."""
    if one is None:
        return other
    if other is None or other is one:
        return one
    common = one.path & other.path
    here, there = one.path - common, other.path - common
    names = {}
    for name, value in one.names.items():
        twin = other.names.get(name)
        if twin is value:
            names[name] = value
        elif twin is not None:
            names[name] = join(under(value, here), under(twin, there))
        elif name not in one.narrowed:
            names[name] = under(value, here)
    for name, value in other.names.items():
        if name not in one.names and name not in other.narrowed:
            names[name] = under(value, there)
    stale = dict(one.stale)
    for key, writes in other.stale.items():
        stale[key] = stale.get(key, frozenset()) | writes
    grad = one.grad if one.grad == other.grad else None
    underway = join_underway(one.underway, other.underway)
    identities = one.identities
    if identities is not other.identities:
        identities = {name: known for name, known in identities.items() if other.identities.get(name) == known}
    items = one.items if one.items is other.items else met(one.items, here, other.items, there)
    return State(names, common, grad, stale, one.narrowed | other.narrowed, underway, identities, items)


def mentions(key: Any, identity: Any) -> bool:
    """Whether a condition speaks of something."""
    return identity in _parts(key)


@functools.lru_cache(maxsize=4096)
def _parts(key: Any) -> frozenset[Any]:
    """What a condition is made of, at any depth."""
    if not isinstance(key, tuple):
        return frozenset({key})
    return frozenset({key}).union(*map(_parts, key))


def _without(when: When, identity: Any) -> When:
    return frozenset(literal for literal in when if not mentions(literal[0], identity))


def join_all(states: list[State]) -> State | None:
    """The state after any number of paths meet; None if there is none."""
    result: State | None = None
    for state in states:
        result = join_states(result, state)
    return result
