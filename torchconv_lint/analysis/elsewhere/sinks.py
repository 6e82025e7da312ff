"""Which functions and methods of other files convert what they are given: guessed from the text, for the sieve.

It is asked of every name of the project that a file calls, mostly in vain. So nothing is parsed but a function or
method in which something is converted at all. The guess is no verdict: what it finds is evaluated.
"""

from __future__ import annotations

import ast
import re
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchconv_lint.analysis.elsewhere.skimming import Skimmed

DEVICE, GRAPH = "device", "graph"
_AS_GIVEN = frozenset({DEVICE, GRAPH})
_NOTHING: frozenset[str] = frozenset()

_CONVERTING = frozenset({"numpy", "__array__"})
_DRAWING = frozenset({"plot", "scatter", "imshow", "hist", "bar", "fill_between", "errorbar", "semilogy", "matshow"})
_LEFT = {
    **dict.fromkeys(("cpu",), frozenset({GRAPH})),
    **dict.fromkeys(("detach", "data", "argmax", "no_grad"), frozenset({DEVICE})),
    **dict.fromkeys(("item", "tolist", "shape", "size", "ndim", "dim", "dtype", "device", *_CONVERTING), _NOTHING),
}
"""What methods and attributes leave as it was given; all others leave both."""
_FILLING = frozenset({"append", "extend", "insert"})
_PLAIN = frozenset({"len", "isinstance", "type", "str", "print", "range", "int", "float", "enumerate", "zip"})

_OF_NUMBERS = frozenset({"zeros", "ones", "empty", "full", "arange", "linspace", "logspace", "eye", "seed", "random"})
_OF_NUMBERS |= {"choice", "randint", "normal", "uniform", "figure", "subplots", "subplot", "title", "xlabel", "ylabel"}
"""What converting packages make of numbers and of text."""


_CONVERTS = re.compile(rf"\.(?:{'|'.join(sorted(_CONVERTING | _DRAWING))})\(")
_METHOD = re.compile(r"^(?:    |\t)def[ \t]+(\w+)", re.MULTILINE)
_NEXT_IN_CLASS = re.compile(r"^(?:    |\t)[@\w]", re.MULTILINE)
_CALLED = re.compile(r"\b(\w+)(?:\.\w+)*\(")


def is_converter(text: Skimmed, name: str) -> bool:
    """Whether a function of a module converts what it is given, by itself or through another one of the module."""
    known = text.converters.get(name)
    if known is None:
        text.converters[name] = False  # meanwhile: functions that call each other
        known = text.converters[name] = converts(text, text.definition(name) or "")
    return known


def converts(text: Skimmed, code: str) -> bool:
    """Whether a function of a module, whose text is `code`, converts what it is given, neither moved nor detached."""
    called = {found[1] for found in _CALLED.finditer(code)}
    words = text.converting | {name for name in called if text.defines(name, "def") and is_converter(text, name)}
    if _CONVERTS.search(code) is None and words.isdisjoint(called):
        return False
    try:
        node = ast.parse(textwrap.dedent(code)).body[0]
        return isinstance(node, ast.FunctionDef) and _Flow(node, words).sinks()
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def methods(code: str, wanted: frozenset[str]) -> Iterator[tuple[str, str]]:
    """The name and the text of those methods of a class, given as text, that are wanted."""
    for found in _METHOD.finditer(code):
        if found[1] in wanted:
            end = _NEXT_IN_CLASS.search(code, found.end())
            yield found[1], code[found.start() : end.start() if end is not None else len(code)]


class _Flow:
    """What becomes of a function's parameters: whether it is still on the device, and in the graph, it came with."""

    def __init__(self, node: ast.FunctionDef, words: frozenset[str]) -> None:
        arguments = node.args
        parameters = [each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
        self.left = dict.fromkeys(parameters, _AS_GIVEN)
        self.left.pop("self", None)
        self.words = words
        self.node = node

    def sinks(self) -> bool:
        """Whether something that comes from a parameter is converted. Statements are taken in the order in which they
        are written."""
        for node in _in_order(self.node):
            if isinstance(node, ast.Assign):
                self._bind(node.targets, self._left(node.value), certainly=node in self.node.body)
            elif isinstance(node, ast.For | ast.comprehension):
                self._bind([node.target], self._left(node.iter), certainly=True)
            elif isinstance(node, ast.Call):
                if any(self._left(each) for each in self._converted(node)):
                    return True
                if isinstance(node.func, ast.Attribute) and node.func.attr in _FILLING:
                    for argument in node.args:
                        self._bind([node.func.value], self._left(argument), certainly=False)
        return False

    def _bind(self, targets: Iterable[ast.expr], left: frozenset[str], *, certainly: bool) -> None:
        """What names have from here on; what is only done on some way adds to what they have had."""
        for name in _bound(targets):
            self.left[name] = left if certainly else left | self.left.get(name, _NOTHING)

    def _converted(self, node: ast.Call) -> Iterator[ast.expr]:
        func = node.func
        if isinstance(func, ast.Attribute) and func.attr in _CONVERTING:
            yield func.value
        elif self._takes_arrays(func) or (isinstance(func, ast.Attribute) and func.attr in _DRAWING):
            yield from node.args
            yield from (keyword.value for keyword in node.keywords)

    def _left(self, node: ast.AST) -> frozenset[str]:
        """What an expression has left of what the parameters in it came with."""
        if isinstance(node, ast.Name):
            return self.left.get(node.id, _NOTHING)
        if isinstance(node, ast.Attribute):
            return self._left(node.value) & _LEFT.get(node.attr, _AS_GIVEN)
        if isinstance(node, ast.Call) and (
            self._is_converting(node.func) or (isinstance(node.func, ast.Name) and node.func.id in _PLAIN)
        ):
            return _NOTHING
        return _NOTHING.union(*(self._left(each) for each in ast.iter_child_nodes(node)))

    def _takes_arrays(self, func: ast.expr) -> bool:
        return self._is_converting(func) and not (isinstance(func, ast.Attribute) and func.attr in _OF_NUMBERS)

    def _is_converting(self, func: ast.expr) -> bool:
        while isinstance(func, ast.Attribute):
            func = func.value
        return isinstance(func, ast.Name) and func.id in self.words


def _in_order(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function as they are written, what is computed before what it is bound to."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Assign | ast.For):
            value = child.value if isinstance(child, ast.Assign) else child.iter
            yield from _in_order(value)
            yield value
            yield child
            if isinstance(child, ast.For):
                for statement in (*child.body, *child.orelse):
                    yield from _in_order(ast.Module([statement], []))
        else:
            yield from _in_order(child)
            yield child


def _bound(targets: Iterable[ast.expr]) -> Iterator[str]:
    """The names that are bound by targets; a part of something that is written binds none."""
    for target in targets:
        if isinstance(target, ast.Tuple | ast.List):
            yield from _bound(target.elts)
        elif isinstance(target, ast.Name):
            yield target.id
