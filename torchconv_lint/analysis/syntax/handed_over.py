"""What callers in the same file do with what they have handed over: read off the ast, nothing is evaluated.

In an application a method is called where its class is, as a rule, and a function of a module by whoever imports it: of
them nothing is known here. In a package anybody may be a caller; those that are seen tell how it is meant."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from torchconv_lint.analysis.syntax.outline import dotted, origin_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchconv_lint.analysis.syntax.outline import FileOutline, FunctionOutline

_MOST_HOPS = 2
"""Over so many methods that only pass their own parameter on."""
_NOT_ITS_VALUES = frozenset({"shape", "size", "ndim", "dim", "numel", "device", "dtype", "type"})
"""Attributes that a write to its values leaves as they are."""
_IN_PLACE = re.compile(r"\bin[- ]?place\b|\b(mutat|overwrit)\w+", re.I)
"""What a docstring says of a function that is called for the sake of the writing."""
_RESULT = re.compile(r"\b(return|yield)(s|ed)?\b(?!:\s*(:|\Z))|:rtype:[ \t]*\S", re.I)
"""How a docstring tells of a result; a field that is left empty tells of none."""


def goes_on_using(file: FileOutline, callee: FunctionOutline, parameter: str, hops: int = _MOST_HOPS) -> bool:
    """Whether a caller in the file is seen to use what it handed over for `parameter` again, after the call or in the
    next round of a loop."""
    for caller, call, name in _handed(file, callee, parameter):
        if _is_kept(caller, name):
            return True
        if not name or _stored_back(caller, call, name):
            continue
        handed_on = bool(hops) and name in caller.given
        if _used_again(caller, call, name) or (handed_on and goes_on_using(file, caller, name, hops - 1)):
            return True
    return False


def promises_result(file: FileOutline, callee: FunctionOutline, parameter: str, *, converted: bool) -> bool:
    """Whether the function says that it gives a result: in its docstring, or by an annotation; or its docstring says
    what the parameter is. Who reads that does not expect the argument to be changed as well. An annotation alone tells
    it to those who call the function where it stands, and where what it gives was `converted` between NumPy and torch;
    and not of a module's `forward`, which the module around it calls, as a rule."""
    told = ast.get_docstring(callee.node, clean=False) or ""
    if _RESULT.search(told) or re.search(rf"\b{re.escape(parameter)}\b", told):
        return True
    annotation = callee.node.returns
    if annotation is None or (isinstance(annotation, ast.Constant) and annotation.value is None):
        return False
    if callee.owner is not None and callee.name == "forward":
        return False
    return converted or bool(file.calls.get(callee.name))


_ASKS_FOR_KIND = frozenset({"isinstance", "type", "len", "id", "hasattr"})
"""Functions that look at no values."""


def looks_again(callee: FunctionOutline, parameter: str, line: int) -> bool:
    """Whether the function itself looks at its argument, by that name, after it has written it at a line under another
    one: it still wants what it was given. What it gives back has been written for that."""
    uses = [node for node in callee.by_type[ast.Name] if node.id == parameter]
    if any(isinstance(node.ctx, ast.Store) for node in uses):
        return False
    asked = {id(node.value) for node in callee.by_type[ast.Attribute] if node.attr in _NOT_ITS_VALUES}
    asked |= {id(node.value) for node in callee.by_type[ast.Return]}
    calls = (node for node in callee.by_type[ast.Call] if node.args and dotted(node.func) in _ASKS_FOR_KIND)
    asked |= {id(node.args[0]) for node in calls}
    later = [node.lineno for node in uses if node.lineno > line and id(node) not in asked]
    return not all(exclude_each_other(callee, line, read) for read in later)


def last_bound(function: FunctionOutline, name: str, line: int) -> ast.Assign | None:
    """The last assignment that binds the name on the way to a line."""
    bound = [
        node
        for node in function.by_type[ast.Assign]
        if node.lineno < line and any(isinstance(to, ast.Name) and to.id == name for to in node.targets)
        if not exclude_each_other(function, node.lineno, line)
    ]
    return max(bound, key=lambda node: node.lineno, default=None)


def exclude_each_other(function: FunctionOutline, one: int, other: int) -> bool:
    """Whether a condition of the function leads to either the one line or the other one."""
    return any(_chooses(test, one, other) for test in function.by_type[ast.If])


def _chooses(test: ast.If, one: int, other: int) -> bool:
    """Whether it is either the one line or the other one that is reached."""
    return bool(test.orelse) and test.body[0].lineno <= one < test.orelse[0].lineno <= other <= (test.end_lineno or 0)


def is_let_go(file: FileOutline, callee: FunctionOutline, parameter: str) -> bool:
    """Whether nobody is seen to mind that the data is rewritten: the function says that it works in place, or deletes
    its name for the data, somebody calls it for the sake of the writing and drops the result, or all callers are done
    with what they hand over."""
    if _IN_PLACE.search(ast.get_docstring(callee.node, clean=False) or ""):
        return True
    deleted = {
        target.id for node in callee.by_type[ast.Delete] for target in node.targets if isinstance(target, ast.Name)
    }
    if parameter in deleted or any(_drops(caller, call) for caller, call in file.calls.get(callee.name, ())):
        return True
    return not may_go_on_using(file, callee, parameter)


def _drops(caller: FunctionOutline, call: ast.Call) -> bool:
    return any(node.value is call for node in caller.by_type[ast.Expr])


def may_go_on_using(file: FileOutline, callee: FunctionOutline, parameter: str, hops: int = _MOST_HOPS) -> bool:
    """Whether somebody may: a caller that is seen to, one that hands on what its own callers have given it, or one that
    is not seen, where none is in the file."""
    handed = list(_handed(file, callee, parameter))
    for caller, call, name in handed:
        if _is_kept(caller, name):
            return True
        if name and not _stored_back(caller, call, name) and _used_again(caller, call, name):
            return True
        if _is_given(caller, call, name) and (not hops or may_go_on_using(file, caller, name, hops - 1)):
            return True
    return not handed


def _is_kept(caller: FunctionOutline, name: str) -> bool:
    """Whether it is an attribute, which the object keeps."""
    return name == "self" and name in caller.parameters


def _is_given(caller: FunctionOutline, call: ast.Call, name: str) -> bool:
    """Whether the name still stands for what the caller itself was given, when the call is made."""
    stores = (node for node in caller.by_type[ast.Name] if node.id == name and isinstance(node.ctx, ast.Store))
    return name in caller.given or (name in caller.parameters and all(node.lineno >= call.lineno for node in stores))


def _handed(
    file: FileOutline, callee: FunctionOutline, parameter: str
) -> Iterator[tuple[FunctionOutline, ast.Call, str]]:
    """The calls in the file that hand something over for `parameter`: in which function, and the name that it is, or is
    part of; "" if it was made for the call."""
    for caller, call in file.calls.get(callee.name, ()):
        argument = argument_of(call, callee, parameter)
        if argument is not None:
            yield caller, call, origin_of(argument)


def argument_of(call: ast.Call, callee: FunctionOutline, parameter: str) -> ast.expr | None:
    """What a call hands over for a parameter, if it is written out."""
    for keyword in call.keywords:
        if keyword.arg == parameter:
            return keyword.value
    names = [each.arg for each in (*callee.node.args.posonlyargs, *callee.node.args.args)]
    static = any(isinstance(each, ast.Name) and each.id == "staticmethod" for each in callee.node.decorator_list)
    bound = callee.owner is not None and not static
    position = names.index(parameter) - bound if parameter in names else -1
    if any(isinstance(each, ast.Starred) for each in call.args[: position + 1]):
        return None
    return call.args[position] if 0 <= position < len(call.args) else None


def _stored_back(caller: FunctionOutline, call: ast.Call, name: str) -> bool:
    """Whether the call's own statement binds the name anew: `x, y = f(x, y)`."""
    return any(
        name in {each.id for target in node.targets for each in ast.walk(target) if isinstance(each, ast.Name)}
        for node in caller.by_type[ast.Assign]
        if node.lineno <= call.lineno <= (node.end_lineno or node.lineno)
    )


def _used_again(caller: FunctionOutline, call: ast.Call, name: str) -> bool:
    handed = {id(node) for node in ast.walk(call)}
    uses = [node for node in caller.by_type[ast.Name] if node.id == name and id(node) not in handed]
    end = call.end_lineno or call.lineno
    bound = sorted(node.lineno for node in uses if isinstance(node.ctx, ast.Store))
    rebound = next((line for line in bound if line > end), None)
    if any(isinstance(node.ctx, ast.Load) and call.lineno <= node.lineno <= (rebound or node.lineno) for node in uses):
        return True
    return any(
        loop.lineno <= call.lineno <= (loop.end_lineno or loop.lineno)
        and not any(loop.lineno <= line <= (loop.end_lineno or loop.lineno) for line in bound)
        for loop in (*caller.by_type[ast.For], *caller.by_type[ast.While])
    )
