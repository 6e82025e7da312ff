"""The NumPy names to be measured: functions as written after `np.`, and ndarray methods."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

np: Any = importlib.import_module("numpy")

NAMESPACES = ("", "linalg", "fft", "random", "testing", "lib.stride_tricks")

_NOT_MEASURED = frozenset({"test"})
"""Runs NumPy's own tests: how far it gets depends on the time it is given."""


def function(name: str) -> Callable[..., Any]:
    """The object written `np.<name>`."""
    value: Any = np
    for part in name.split("."):
        value = getattr(value, part)
    return value  # type: ignore[no-any-return]


def _functions() -> Iterator[str]:
    for namespace in NAMESPACES:
        module = importlib.import_module("numpy" + ("." + namespace if namespace else ""))
        for name in getattr(module, "__all__", dir(module)):
            value = getattr(module, name)
            if (
                not name.startswith("_")
                and name not in _NOT_MEASURED
                and callable(value)
                and not inspect.isclass(value)
            ):
                yield f"{namespace}.{name}" if namespace else name


def function_names() -> list[str]:
    """Public functions of NumPy, classes left out."""
    return sorted(_functions())


def ufunc_names() -> list[str]:
    """The universal functions among them."""
    return [name for name in function_names() if isinstance(function(name), np.ufunc)]


def method_names() -> list[str]:
    """Public methods and attributes of ndarray."""
    return sorted(name for name in dir(np.ndarray) if not name.startswith("_"))


def array_method(name: str) -> Callable[..., Any]:
    """A function of the array that calls the method, or reads the attribute."""

    def call(x: Any, *args: Any, **kwargs: Any) -> Any:
        value = getattr(x, name)
        if callable(value):
            return value(*args, **kwargs)
        if args or kwargs:
            raise TypeError("an attribute takes no arguments")
        return value

    return call
