"""`dataclasses.replace` for records, in a fifth of the time: values are changed all the time."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Record = TypeVar("Record")


def replace(record: Record, **changes: Any) -> Record:
    """A copy with these fields changed. The class must be a `record`: with slots, not frozen, no `__post_init__`."""
    twin: Record = _twin_of(type(record))(record)  # type: ignore[arg-type]  # a class is hashable
    for name, value in changes.items():
        setattr(twin, name, value)
    return twin


@functools.cache
def _twin_of(class_: type) -> Callable[[Any], Any]:
    """A function that copies a record: one assignment for each field, written out as dataclasses does it for
    `__init__`. A loop over the fields takes four times as long (measured)."""
    fields = [field.name for field in dataclasses.fields(class_)]
    lines = ["def twin(old):", " new = make(class_)", *(f" new.{name} = old.{name}" for name in fields), " return new"]
    names: dict[str, Any] = {"make": object.__new__, "class_": class_}
    exec("\n".join(lines), names)
    twin: Callable[[Any], Any] = names["twin"]
    return twin
