"""Immutable records, cheap to make: the analysis makes hundreds of them for every function."""

from __future__ import annotations

import operator
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeVar

Class = TypeVar("Class", bound=type[Any])

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: Any) -> Any:
        """What type checkers need is nothing to do at run time."""
        return lambda function: function


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(class_: Class) -> Class:
    """`@dataclass(frozen=True, slots=True)` for type checkers, which refuse to assign to a field. When the program runs
    nothing refuses it: a frozen dataclass pays for that with several times the time it takes to make one (measured)."""
    hashes_itself = vars(class_).get("__hash__") is not None
    return _described(dataclass(slots=True, repr=False, unsafe_hash=not hashes_itself)(class_))  # type: ignore[no-any-return]


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def told(class_: Class) -> Class:
    """A `record` that nobody compares: each is equal to itself alone. Making such a class takes a fifth of the time,
    which every start of the program pays."""
    return _described(dataclass(slots=True, repr=False, eq=False)(class_))  # type: ignore[no-any-return]


@dataclass_transform(frozen_default=True, order_default=True, field_specifiers=(field,))
def plain(class_: Class) -> Class:
    """A `record` that is made, compared and sorted seldom: all such classes share the methods for that, instead of each
    having its own compiled at every start."""
    made = _described(dataclass(slots=True, repr=False, eq=False)(class_))
    for name, method in _COMPARISONS.items():
        setattr(made, name, method)
    return made  # type: ignore[no-any-return]


def _described(class_: Any) -> Any:
    """With a `__repr__` that all share: what dataclasses write for each class is compiled at every start."""
    class_.__repr__ = _repr
    return class_


def _key(self: Any) -> tuple[Any, ...]:
    return tuple(getattr(self, name) for name in self.__match_args__)


def _hash(self: Any) -> int:
    return hash(_key(self))


def _comparing(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def method(self: Any, other: Any) -> Any:
        return compare(_key(self), _key(other)) if other.__class__ is self.__class__ else NotImplemented

    return method


_COMPARISONS: dict[str, Any] = {
    "__hash__": _hash,
    **{f"__{name}__": _comparing(getattr(operator, name)) for name in ("eq", "ne", "lt", "le", "gt", "ge")},
}


def _repr(self: Any) -> str:
    values = ", ".join(f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.repr)
    return f"{type(self).__name__}({values})"
