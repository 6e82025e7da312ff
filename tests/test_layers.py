"""The packages of the analysis build on each other in one direction."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

from torchconv_lint import analysis

ORDER = re.findall(r"^- `(\w+)`", analysis.__doc__ or "", re.MULTILINE)
AS_ONE = {"semantics": "calling"}  # what a call means is asked by expressions, and what an expression means by calls


def test_the_map_names_every_package_once() -> None:
    assert sorted(ORDER) == sorted(module.name for module in pkgutil.iter_modules(analysis.__path__))


@pytest.mark.parametrize("package", ORDER)
def test_a_package_lists_its_modules(package: str) -> None:
    """In its docstring: a new module finds its place there."""
    found = importlib.import_module(f"torchconv_lint.analysis.{package}")
    named = re.findall(r"`(\w+)`", (found.__doc__ or "").partition("\n\n")[2])
    assert sorted(named) == sorted(module.name for module in pkgutil.iter_modules(found.__path__))


@pytest.mark.parametrize("package", ORDER)
def test_a_package_imports_only_from_those_before_it(package: str) -> None:
    later = set(ORDER[ORDER.index(AS_ONE.get(package, package)) + 1 :])
    upwards = [
        f"{path.name}:{node.lineno} {node.module}"
        for path in sorted(Path(analysis.__path__[0], package).glob("*.py"))
        for node in ast.parse(path.read_text(encoding="utf-8")).body  # types alone may be of any package
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("torchconv_lint.analysis.")
        if (node.module or "").split(".")[2] in later
    ]
    assert upwards == []
