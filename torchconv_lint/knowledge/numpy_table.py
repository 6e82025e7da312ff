"""Measure the whole NumPy table."""

from __future__ import annotations

import importlib
from typing import Any

from torchconv_lint.knowledge.exceptions import NUMPY_ADDITIONS, NUMPY_METHOD_ADDITIONS
from torchconv_lint.knowledge.isolate import isolated_map
from torchconv_lint.knowledge.numpy_classify import classify, classify_tensors
from torchconv_lint.knowledge.numpy_names import array_method, function, function_names, method_names, ufunc_names
from torchconv_lint.knowledge.numpy_probe import accepts_out, probe
from torchconv_lint.knowledge.numpy_tensors import tensor_outcomes
from torchconv_lint.knowledge.torch_table import collect, prepare

np: Any = importlib.import_module("numpy")


def _function_facts(name: str) -> dict[str, Any]:
    """Everything measured about one function."""
    call = function(name)
    facts = {**classify(probe(call, lone=True)), **classify_tensors(tensor_outcomes(call))}
    if "." in name:
        facts.pop("blank", None)  # a degenerate distribution or rank is no placeholder
    return facts


def _method_facts(name: str) -> dict[str, Any]:
    """Everything measured about one ndarray method."""
    return classify(probe(array_method(name), lone=False))


def _gives_truths(ufunc: Any) -> bool:
    """Whether a universal function gives booleans for all dtypes but objects."""
    return all(signature.endswith("?") for signature in ufunc.types if "O" not in signature)


def measured_functions(names: list[str]) -> dict[str, Any]:
    """The section about functions, of these names."""
    prepare()
    ufuncs = set(ufunc_names())
    functions = isolated_map(_function_facts, names)
    for name, facts in functions.items():
        functions[name] = facts = {**(facts or {"unprobed": True}), **NUMPY_ADDITIONS.get(name, {})}
        if name in ufuncs:
            facts["ufunc"] = True
            if _gives_truths(function(name)):
                facts["truths"] = True
        if accepts_out(function(name)):
            facts["out_argument"] = True
    return collect(functions, ())


def measured_methods(names: list[str]) -> dict[str, Any]:
    """The section about methods, of these names."""
    methods = isolated_map(_method_facts, names)
    for name, facts in methods.items():
        methods[name] = facts = NUMPY_METHOD_ADDITIONS.get(name) or facts or {"unprobed": True}
        if accepts_out(getattr(np.ndarray, name)):
            facts["out_argument"] = True
    return collect(methods, ())


def numpy_table() -> dict[str, Any]:
    """Everything in `numpy.json`."""
    return {
        "versions": {"numpy": np.__version__},
        "function": measured_functions(function_names()),
        "method": measured_methods(method_names()),
    }
