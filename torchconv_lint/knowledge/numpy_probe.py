"""Try one NumPy operation with many arrays and write down what comes out."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any

from torchconv_lint.knowledge.numpy_inputs import ARRAYS, calls, lone_calls

np: Any = importlib.import_module("numpy")

Observation = dict[str, Any]


def _arrays(args: Any) -> list[Any]:
    """The arrays in an argument list or result, one level of nesting deep."""
    found = []
    for item in args:
        if isinstance(item, np.ndarray):
            found.append(item)
        elif isinstance(item, list | tuple):
            found.extend(part for part in item if isinstance(part, np.ndarray))
    return found


def _kind(result: Any) -> str:
    """The class of a result: array, several arrays, NumPy scalar, or anything else."""
    if isinstance(result, np.ndarray):
        return "array"
    if isinstance(result, list | tuple) and result and all(isinstance(item, np.ndarray) for item in result):
        return "several"
    if result is None:
        return "none"
    return "scalar" if isinstance(result, np.generic) else "python"


def _constant(array: Any) -> bool:
    """Whether an array of several elements holds one value throughout."""
    return bool(array.size > 1 and (array == array.flat[0]).all())


def _observe(call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Observation | None:
    """Run one call; None when it raises."""
    if isinstance(call, np.ufunc) and len(args) > call.nin:
        return None  # the rest would be `out`
    inputs = _arrays(args)
    first = inputs[0] if inputs else None
    before = None if first is None else first.tobytes()
    owned = first is None or first.flags.owndata
    try:
        result = call(*args, **kwargs)
        outs = _arrays([result])
        return {
            "kind": _kind(result),
            "extra": len(args) + len(kwargs) - 1,
            "input": first is not None,
            "direct": first is not None and first.ndim > 0 and any(item is first for item in args),
            "leading": bool(args) and args[0] is first,
            "simple": not any(isinstance(item, list) for item in args)
            and not any(isinstance(item, list | tuple) for item in args[1:]),
            "arrays": len(inputs),
            "typed": any(isinstance(item, type) for item in args),
            "input_dtype": str(first.dtype) if first is not None else "",
            "big": first is not None and first.size > 1,
            "steps": owned and first is not None and min(first.strides or (1,)) > 0,
            "dtypes": [str(item.dtype) for item in outs] or [str(getattr(result, "dtype", ""))],
            "shares": [first is not None and bool(np.may_share_memory(item, first)) for item in outs if item.size],
            "many": [item.size > 1 for item in outs],
            "constant": [_constant(item) for item in outs],
            "negative": any(step < 0 for item in outs for step in item.strides),
            "written": first is not None and first.tobytes() != before,
        }
    except BaseException:
        return None


def probe(call: Callable[..., Any], lone: bool) -> list[Observation]:
    """Every successful call of an operation, `lone` ones without an array too."""
    np.random.seed(0)
    seen: list[Observation] = []
    for make in ARRAYS.values():
        for args, kwargs in calls(make):
            seen += filter(None, [_observe(call, args, kwargs)])
    if lone:
        for args, kwargs in lone_calls():
            seen += filter(None, [_observe(call, args, kwargs)])
    return seen


def accepts_out(call: Callable[..., Any]) -> bool:
    """Whether there is an `out` parameter; compiled methods tell it only in the first lines of their docstring."""
    try:
        return "out" in inspect.signature(call).parameters
    except (TypeError, ValueError):
        return isinstance(call, np.ufunc) or "out=" in (call.__doc__ or "")[:200]
