"""A rewritten program, and what the linter says of it, function by function."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from torchconv_lint.lint import lint_source
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source

HOLDER = "Holder"
"""The class that functions are moved into where they become methods."""


@dataclass(frozen=True)
class Variant:
    """`names`: what the functions of the original are called now, or which of them a new function was split from."""

    text: str
    names: dict[str, str] = field(default_factory=dict)


def said(variant: Variant, settings: Settings) -> dict[str, list[str]]:
    """The codes that are reported in each function (or class) of the original."""
    tree = ast.parse(variant.text)
    spans = []
    for node in tree.body:
        inner = node.body if isinstance(node, ast.ClassDef) and node.name == HOLDER else [node]
        spans += [child for child in inner if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
    outcome = lint_source(Source("x.py", variant.text), settings)
    assert outcome.problems == ()
    found: dict[str, list[str]] = {}
    for finding in outcome.findings:
        owner = next((s.name for s in spans if s.lineno <= finding.span.line <= (s.end_lineno or 0)), "")
        found.setdefault(variant.names.get(owner, owner), []).append(finding.code)
    return {owner: sorted(set(codes)) for owner, codes in found.items()}
