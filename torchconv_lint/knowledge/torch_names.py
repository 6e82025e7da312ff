"""The names to be measured: Tensor methods and properties, `torch.` functions, module classes."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

torch: Any = importlib.import_module("torch")

NAMESPACES = ("", "nn.functional", "nn.init", "nn.utils", "nn.utils.rnn", "linalg", "fft", "special", "sparse")
# Protocol methods that no source text calls by name, or that would rather act on the class than on a tensor.
HIDDEN = frozenset(dir(object)) | {
    "__array_priority__", "__annotations__", "__dict__", "__module__", "__weakref__", "__cuda_array_interface__",
}  # fmt: skip


def tensor_method(name: str) -> Callable[..., Any]:
    """A function of the receiver that calls the method, or reads the property."""

    def call(x: Any, *args: Any, **kwargs: Any) -> Any:
        value = getattr(x, name)
        if callable(value):
            return value(*args, **kwargs)
        if args or kwargs:
            raise TypeError("a property takes no arguments")
        return value

    return call


def is_property(name: str) -> bool:
    """Whether a Tensor attribute is read, not called; `x.data` is not the operator `aten::data`."""
    return not callable(getattr(torch.Tensor, name))


def method_names() -> list[str]:
    """Public attributes and operators of Tensor."""
    return sorted(
        name
        for name in dir(torch.Tensor)
        if (not name.startswith("_") or (name.startswith("__") and name.endswith("__"))) and name not in HIDDEN
    )


def function(name: str) -> Callable[..., Any]:
    """The object written `torch.<name>`."""
    value: Any = torch
    for part in name.split("."):
        value = getattr(value, part)
    return value  # type: ignore[no-any-return]


def has_reduction(name: str) -> bool:
    """Whether a function is a loss: it has a `reduction` parameter."""
    try:
        return "reduction" in inspect.signature(function(name)).parameters
    except (TypeError, ValueError):
        return False


def function_names() -> list[str]:
    """Functions of torch and of its mathematical namespaces, as written after `torch.`."""
    return sorted(_functions())


def _functions() -> Iterator[str]:
    for namespace in NAMESPACES:
        module = importlib.import_module("torch" + ("." + namespace if namespace else ""))
        for name, value in vars(module).items():
            if name.startswith("_") or not callable(value) or inspect.isclass(value) or inspect.ismodule(value):
                continue
            home = getattr(value, "__module__", None) or ""
            if home.split(".")[0] in ("", "torch") and not isinstance(value, torch.dtype):
                yield f"{namespace}.{name}" if namespace else name
