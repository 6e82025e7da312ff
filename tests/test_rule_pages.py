"""The rules' pages tell the truth: what they show as an example is found, and what they advise is not."""

from __future__ import annotations

import re
from typing import Any

import pytest

from torchconv_lint.lint import lint_source
from torchconv_lint.rules import all_rules, page
from torchconv_lint.rules.base import Rule
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source

RULES = pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)


def snippets(rule: Rule[Any], heading: str) -> list[str]:
    """The Python snippets in one section of the rule's page."""
    section = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", page(rule), re.MULTILINE | re.DOTALL)
    assert section is not None
    found = re.findall(r"^```python\n(.*?)^```", section[1], re.MULTILINE | re.DOTALL)
    assert found, f"no snippet under {heading}"
    return found


def codes(rule: Rule[Any], snippet: str) -> list[str]:
    """The codes that linting the snippet gives by default (an opt-in rule is switched on for it)."""
    outcome = lint_source(Source("snippet.py", snippet), Settings(opt_in=() if rule.default else (rule.code,)))
    assert outcome.problems == ()
    return [finding.code for finding in outcome.findings]


@RULES
def test_the_example_is_found(rule: Rule[Any]) -> None:
    for snippet in snippets(rule, "Example"):
        assert rule.code in codes(rule, snippet)


@RULES
def test_what_to_use_instead_is_not_found(rule: Rule[Any]) -> None:
    for snippet in snippets(rule, "Use instead"):
        assert rule.code not in codes(rule, snippet)


@RULES
def test_what_was_not_run_on_cuda_says_so(rule: Rule[Any]) -> None:
    proof = page(rule).partition("## Proof")[2].partition("## References")[0]
    assert re.search(r"torch \d+\.\d+\.\d+", proof), "the version it was run with"
    assert "CUDA" in proof
