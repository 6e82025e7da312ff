"""Immutable records, cheap to make: the analysis makes hundreds of them for every function."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

Class = TypeVar("Class", bound=type[Any])

if TYPE_CHECKING:
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
    return dataclass(slots=True, unsafe_hash=not hashes_itself)(class_)  # type: ignore[return-value]
