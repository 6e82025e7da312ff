"""The grad mode a function's body runs in, by its decorators and by who is known to call it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.syntax.outline import dotted
from torchconv_lint.analysis.syntax.walking import walk

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.frame import Definition
    from torchconv_lint.analysis.run.interpreter import Interpreter
    from torchconv_lint.analysis.syntax.outline import ClassOutline, FunctionOutline

_OFF = frozenset({"torch.no_grad", "torch.inference_mode", "torch.autograd.no_grad"})
_ON = frozenset({"torch.enable_grad", "torch.autograd.enable_grad"})

_WITHOUT_GRAD = frozenset(
    {
        "validation_step",
        "test_step",
        "predict_step",
        "validation_epoch_end",
        "test_epoch_end",
        "on_validation_epoch_end",
        "on_validation_epoch_start",
        "on_validation_batch_end",
        "on_validation_end",
        "on_test_epoch_end",
        "on_test_batch_end",
        "on_predict_batch_end",
        "on_predict_epoch_end",
    }
)
"""Hooks that Lightning calls with grad off (its documentation, "Validation loop" and "Trainer.predict")."""


def _by_list(interpreter: Interpreter, decorators: list[ast.expr], mode: bool | None) -> bool | None:
    for decorator in decorators:
        node = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = interpreter.outline.full_name(dotted(node) or "")
        if name in _OFF:
            return False
        if name in _ON:
            return True
        if name == "torch.set_grad_enabled" and isinstance(decorator, ast.Call) and decorator.args:
            argument = decorator.args[0]
            return argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, bool) else None
    return mode


def mode_by_decorators(interpreter: Interpreter, definition: Definition, mode: bool | None) -> bool | None:
    """The mode inside a function that is called in `mode`."""
    outline = definition.outline
    if outline is not None and runs_for_autograd(interpreter, outline):
        return False
    return _by_list(interpreter, decorators_of(definition), mode)


def decorators_of(definition: Definition) -> list[ast.expr]:
    """The decorators of a function, be it inside another one."""
    if definition.outline is not None:
        return definition.outline.node.decorator_list
    node = definition.node
    if type(node) is not cst.FunctionDef:
        return []
    origins = [definition.segment.origin(decorator.decorator) for decorator in node.decorators]
    return [origin for origin in origins if isinstance(origin, ast.expr)]


def calls_in(tree: ast.Module) -> dict[str, list[tuple[bool, str]]]:
    """The calls of a file by the last part of what is called: whether grad is switched off there, and in which
    function."""
    calls: dict[str, list[tuple[bool, str]]] = {}
    scopes: list[tuple[ast.AST, bool, str]] = [(tree, False, "")]
    for scope, off, inside in scopes:  # grows on the way
        for node in walk(scope, _SCOPES):
            if node.__class__ is ast.Call:
                func = node.func
                name = func.id if isinstance(func, ast.Name) else getattr(func, "attr", None)
                if name is not None:
                    calls.setdefault(name, []).append((off, inside))
            elif node.__class__ not in _SCOPES or node is scope:
                continue
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                scopes.append((node, any(_names_no_grad(decorator) for decorator in node.decorator_list), node.name))
            elif isinstance(node, ast.With | ast.AsyncWith):
                scopes.append((node, off or any(_names_no_grad(item.context_expr) for item in node.items), inside))
    return calls


_SCOPES = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.With, ast.AsyncWith})
"""What may switch grad off."""


def called_without_grad(tree: ast.Module) -> frozenset[str]:
    """The functions and methods, by name, that the file calls with grad switched off and in no other way."""
    calls = calls_in(tree)
    found: set[str] = set()
    while True:
        size = len(found)
        found |= {name for name, sites in calls.items() if all(off or inside in found for off, inside in sites)}
        if len(found) == size:
            return frozenset(found)


def _names_no_grad(node: ast.expr) -> bool:
    name = dotted(node.func if isinstance(node, ast.Call) else node) or ""
    return name.rpartition(".")[2] in ("no_grad", "inference_mode")


def mode_by_role(interpreter: Interpreter, function: FunctionOutline) -> bool | None:
    """The mode in which unseen code calls the function: on, unless decorators or a framework say otherwise."""
    if runs_for_autograd(interpreter, function):
        return False
    mode: bool | None = True
    if function.owner is not None and function.name in _WITHOUT_GRAD:
        mode = False
    return _by_list(interpreter, function.node.decorator_list, mode)


def runs_for_autograd(interpreter: Interpreter, function: FunctionOutline) -> bool:
    """Whether it is `forward` or `backward` of a torch.autograd.Function. They run with grad off."""
    if function.owner is None or function.name not in ("forward", "backward", "setup_context"):
        return False
    return is_custom_function(interpreter, function.owner)


def is_custom_backward(interpreter: Interpreter, function: FunctionOutline) -> bool:
    """Whether the function is the backward of a torch.autograd.Function which has to be differentiable itself."""
    if function.owner is None or not is_custom_function(interpreter, function.owner):
        return False
    decorators = {interpreter.outline.full_name(dotted(decorator) or "") for decorator in function.node.decorator_list}
    return not any(name.rpartition(".")[2] == "once_differentiable" for name in decorators)


def is_custom_function(interpreter: Interpreter, class_: ClassOutline) -> bool:
    """Whether the class is a torch.autograd.Function."""
    bases = interpreter.classes.external_bases(class_)
    return any(base.startswith("torch.autograd") and base.endswith("Function") for base in bases)
