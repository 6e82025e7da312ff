"""Which names of a function may be handles of one memory: what a conversion without a copy is given and gives."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchconv_lint.analysis.syntax.evidence import data_methods
from torchconv_lint.code_forms import METADATA, callee_name
from torchconv_lint.vocabulary import SHARING

if TYPE_CHECKING:
    from collections.abc import Collection

    from torchconv_lint.vocabulary import Vocabulary

_IF_KNOWN = frozenset({"to", "float", "double", "half", "contiguous", "type"})
"""Conversions that give the tensor itself when dtype and device fit: seen only where they are known."""
_COPIES = frozenset({"clone", "item", "tolist", "sum", "mean", "max", "min", "any", "all", "argmax", "argmin", "norm"})
_COPIES |= {"new", "new_tensor", "new_zeros", "new_ones", "new_full", "new_empty"}
"""Methods that give memory of their own, or none."""
_MAKES = frozenset({"tensor", "array", "deepcopy", "stack", "cat", "concatenate", "float", "int", "bool", "len", "str"})
_MAKES |= {"zeros", "ones", "full", "empty", "arange", "linspace", "eye", "rand", "randn", "randint", "randperm"}
_MAKES |= {"zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like", "where"}
"""The same of functions."""
_SHARED_ATTRIBUTES = ("data", "grad")
_CONVERSIONS = SHARING | _IF_KNOWN | {*_SHARED_ATTRIBUTES}
_RESULT = "()"
"""Stands for what a function has given, which may have kept it."""
_CHAIN = frozenset({ast.Attribute, ast.Subscript})
_PLAIN = frozenset({ast.Constant, ast.Name, ast.BinOp, ast.Compare, ast.JoinedStr, ast.UnaryOp})


class Handles:
    """Collects what outlives its expression: values that names are bound to, that are stored or handed on.
    What is only computed with, or written where it stands (`x.data.fill_(0)`), has no second handle."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._kept: list[tuple[ast.expr, Collection[str], Collection[str]]] = []
        self._shared: set[str] = set()
        self._if_known: set[str] = set()  # if a conversion turns out to be none
        self._stored: set[str] = set()  # in items of these

    def __len__(self) -> int:
        return len(self._shared) + len(self._stored)

    def names(self, rewritten: Collection[str], *, known: bool) -> set[str]:
        """The names of memory that another handle may have. `rewritten`: what is written otherwise than by being given
        an item; `known`: what is converted may be known so well that nothing has to be copied."""
        names = self._shared | self._stored.intersection(rewritten)
        return names | self._if_known if known else names

    def keep(self, value: ast.expr, names: Collection[str] = (), stored: Collection[str] = ()) -> None:
        """A value is kept: by these names, in items of what is `stored`, or by something else."""
        if not _converts_nothing(value):
            self._kept.append((value, names, stored))

    def follow(self, words: set[str]) -> None:
        """Look into what was kept. `words`: the names of attributes and of what is called. Most functions convert
        nothing, and are not looked into."""
        if words.isdisjoint(_CONVERSIONS) and words.isdisjoint(self._vocabulary.sharing):
            return
        for value, names, stored in self._kept:
            found, surely, perhaps = self._followed(value)
            if not found:  # what has just been made has one handle, however it is converted
                continue
            if surely:
                self._shared.update(found, names)
                self._stored.update(stored)
            elif perhaps:
                self._if_known.update(found, names)

    def pass_on(self, source: str, name: str) -> None:
        """A name may be a view of another one."""
        if source in self._shared:
            self._shared.add(name)
        elif source in self._stored:
            self._stored.add(name)

    def reached(self, node: ast.expr) -> set[str]:
        """The names whose memory a value may be in, attributes of `self` among them."""
        return {node.id} if isinstance(node, ast.Name) else self._followed(node)[0]

    def _followed(self, value: ast.expr) -> tuple[set[str], bool, bool]:
        """The names that a value may be (part of), "self.x" and _RESULT among them; whether something on the way is
        surely a conversion without a copy, and whether it may be one."""
        vocabulary = self._vocabulary
        found: set[str] = set()
        surely = perhaps = False
        pending: list[ast.expr | None] = [value]  # a long chain is too deep for recursion
        while pending:
            node = pending.pop()
            if isinstance(node, ast.Name):
                found.add(node.id)
            elif isinstance(node, ast.Attribute):
                surely = surely or node.attr in _SHARED_ATTRIBUTES
                if node.attr not in METADATA:
                    pending.append(node.value)
                if isinstance(node.value, ast.Name) and node.value.id == "self":
                    found.add(f"self.{node.attr}")
            elif isinstance(node, ast.Call):
                name = callee_name(node)
                if (
                    name in _COPIES
                    or name in METADATA
                    or (name in _MAKES and node.args)
                    or (name == "copy" and _copies(node.func))
                ):
                    continue
                surely = surely or name in SHARING or name in vocabulary.sharing
                perhaps = perhaps or name in _IF_KNOWN
                if isinstance(node.func, ast.Attribute):
                    pending.append(node.func.value)
                    if name in data_methods() and not _is_module(node.func.value, vocabulary):
                        continue  # a tensor's method gives (part of) the tensor, and is told sizes
                else:
                    found.add(_RESULT)
                pending += node.args
                pending += (keyword.value for keyword in node.keywords)
            elif node is not None:
                pending += _parts(node)
        return found - vocabulary.imports.keys(), surely, perhaps


def _converts_nothing(node: ast.expr) -> bool:
    """Whether it is made anew, or a name, an attribute or an item as it is: most arguments are, and are done with."""
    while node.__class__ in _CHAIN:
        if getattr(node, "attr", "") in _SHARED_ATTRIBUTES:
            return False
        node = node.value  # type: ignore[attr-defined]
    return node.__class__ in _PLAIN


def _is_module(node: ast.expr, vocabulary: Vocabulary) -> bool:
    """Whether it is a name that is imported, or part of one."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id in vocabulary.imports


def _copies(func: ast.expr) -> bool:
    """`x.numpy().copy()`; the copy of a dict holds the same tensors."""
    return isinstance(func, ast.Attribute) and not isinstance(func.value, ast.Dict | ast.DictComp | ast.Name)


def _parts(node: ast.expr) -> list[ast.expr]:
    """What a value may be, or hold as it is."""
    if isinstance(node, ast.Subscript | ast.Starred | ast.Await | ast.NamedExpr):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    if isinstance(node, ast.BoolOp | ast.Dict):
        return node.values
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return node.elts
    if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp):
        return [node.elt, *(each.iter for each in node.generators)]
    if isinstance(node, ast.DictComp):
        return [node.value, *(each.iter for each in node.generators)]
    return [node.body] if isinstance(node, ast.Lambda) else []
