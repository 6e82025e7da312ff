"""The grad mode in which functions are entered: that of their callers in the file, or what unseen callers leave on."""

from __future__ import annotations

import ast
import functools
import re
from typing import TYPE_CHECKING

from torchconv_lint.analysis.syntax.backward import always_goes_back
from torchconv_lint.analysis.syntax.gradmode import called_without_grad, mode_by_role
from torchconv_lint.analysis.syntax.outline import dotted
from torchconv_lint.analysis.telling.loops import is_training_step

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchconv_lint.analysis.run.interpreter import Interpreter
    from torchconv_lint.analysis.syntax.outline import FunctionOutline

_EVALUATES = re.compile(r"(^|_)(valid|validate|validation)(_|$)", re.IGNORECASE)
_TRAINING = frozenset({"backward", "manual_backward", "step", "zero_grad"})


class EntryModes:
    """The grad modes of one file's functions."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._outline = interpreter.outline
        self._facts = interpreter.facts
        self._seen: dict[FunctionOutline, set[bool | None]] = {}
        self._unsettled: dict[FunctionOutline, bool] = {}

    def note(self, function: FunctionOutline, mode: bool | None) -> None:
        """A caller in the file calls the function in this mode."""
        self._seen.setdefault(function, set()).add(mode)

    def of(self, function: FunctionOutline) -> bool | None:
        """The grad mode an unseen caller leaves on; that of the callers in this file, when they all switch it off."""
        seen = self._seen.get(function)
        if seen and True not in seen:
            return False
        if function.name in self._called_without_grad:
            return False
        mode = mode_by_role(self._interpreter, function)
        evaluates = _EVALUATES.search(function.name) is not None and self.left_to_callers(function)
        unsure = mode and (self._facts.may_run_without_grad or evaluates) and not always_goes_back(function.node)
        return None if unsure else mode

    def left_to_callers(self, function: FunctionOutline | None) -> bool:
        """Whether nothing in the file tells in which grad mode a function runs that gets its data, or its object, from
        callers elsewhere: it neither trains, for a framework or by itself, nor is it called here."""
        if function is None:
            return False
        known = self._unsettled.get(function)
        if known is None:
            self._unsettled[function] = True  # meanwhile: functions that call each other
            known = self._unsettled[function] = self._is_unsettled(function)
        return known

    def _is_unsettled(self, function: FunctionOutline) -> bool:
        arguments = function.node.args
        if not (arguments.posonlyargs or arguments.args or arguments.kwonlyargs or arguments.vararg):
            return False
        if self.goes_backward(function):
            return False
        asked = function.name
        if function.owner is not None and asked in ("forward", "__call__", "__init__"):
            asked = function.owner.name
        named = self._functions_by_name
        return all(
            bool(named.get(caller)) and all(self.left_to_callers(one) for one in named[caller])
            for caller in self._callers.get(asked, ())
        )

    def goes_backward(self, function: FunctionOutline | None) -> bool:
        """Whether a function (None: the module's own statements) trains, for a framework or by itself."""
        if function is None:
            return _trains(self._facts.own[ast.Attribute])
        return _trains(function.by_type[ast.Attribute]) or is_training_step(self._interpreter, function)

    @functools.cached_property
    def _functions_by_name(self) -> dict[str, list[FunctionOutline]]:
        found: dict[str, list[FunctionOutline]] = {}
        for function in self._outline.all_functions():
            found.setdefault(function.name, []).append(function)
        return found

    @functools.cached_property
    def _callers(self) -> dict[str, set[str]]:
        """The functions that call something of a name; "" for the module's own statements."""
        found: dict[str, set[str]] = {}
        for inside, calls in (
            ("", self._facts.own[ast.Call]),
            *((one.name, one.by_type[ast.Call]) for one in self._outline.all_functions()),
        ):
            for call in calls:
                called = call.func
                name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
                found.setdefault(name, set()).add(inside)
        return found

    @functools.cached_property
    def _called_without_grad(self) -> frozenset[str]:
        """The functions that the file calls with grad switched off only."""
        text = self._interpreter.source.text
        return called_without_grad(self._outline.tree) if "no_grad" in text or "inference_mode" in text else frozenset()


def _trains(attributes: Iterable[ast.Attribute]) -> bool:
    """Whether backward is called, an optimiser used, or something differentiated: environments and schedulers have
    steps, too."""
    return any(_needs_graph(node) for node in attributes)


def _needs_graph(node: ast.Attribute) -> bool:
    """Whether what this is part of trains, or differentiates: it raises where grad is off."""
    if node.attr == "step":
        return "opt" in getattr(node.value, "attr", getattr(node.value, "id", "")).lower()
    return node.attr in _TRAINING or (node.attr == "grad" and (dotted(node) or "").endswith("autograd.grad"))
