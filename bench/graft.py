"""A mutant put in its module's place, in a process that has everything imported."""

from __future__ import annotations

import ast
import gc
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType

from bench.mutants import Mutant

PACKAGE = "torchconv_lint"


def graft(mutant: Mutant, forget: tuple[str, ...]) -> None:
    """Whoever has imported the module meets the mutant from now on.

    Where only one function differs, it gets its new code. Else the package and the modules named in `forget` are
    imported again, which takes ten times as long.
    """
    if not _exchanged(mutant):
        for name in [name for name in sys.modules if name.partition(".")[0] in (PACKAGE, *forget)]:
            del sys.modules[name]
        sys.meta_path.insert(0, _Finder(mutant))


def _exchanged(mutant: Mutant) -> bool:
    old, new = (dict(_functions(_compiled(tree, mutant))) for tree in (mutant.original, mutant.tree))
    differing = [place for place in old if old[place] != new.get(place)]
    if len(differing) != 1:
        return False
    gc.unfreeze()  # What has been frozen is not listed.
    living = [
        each
        for each in gc.get_objects()
        if isinstance(each, FunctionType) and each.__module__ == mutant.module and _place(each.__code__) == differing[0]
    ]
    for each in living:
        each.__code__ = new[differing[0]]
    return bool(living)


def _compiled(tree: ast.Module, mutant: Mutant) -> CodeType:
    return compile(tree, f"<mutant of {mutant.module}>", "exec", dont_inherit=True)


def _functions(code: CodeType) -> Iterator[tuple[tuple[str, int], CodeType]]:
    """Functions and methods by name and line; what is nested in a function is part of it."""
    for part in code.co_consts:
        if isinstance(part, CodeType) and part.co_flags & inspect.CO_OPTIMIZED:
            yield _place(part), part
        elif isinstance(part, CodeType):
            yield from _functions(part)


def _place(code: CodeType) -> tuple[str, int]:
    return code.co_name, code.co_firstlineno


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the mutant in place of the module."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def find_spec(self, fullname: str, path: object, target: object = None) -> importlib.machinery.ModuleSpec | None:
        return importlib.util.spec_from_loader(fullname, self) if fullname == self.mutant.module else None

    def exec_module(self, module: ModuleType) -> None:
        exec(_compiled(self.mutant.tree, self.mutant), module.__dict__)
