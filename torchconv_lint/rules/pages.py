"""The rules' pages: what `explain` shows and what the documentation is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torchconv_lint.rules import page

if TYPE_CHECKING:
    from torchconv_lint.rules.base import Rule

# Every page has these sections, in this order.
SECTIONS = (
    "## What it does",
    "## Why is this bad?",
    "## Example",
    "## Use instead",
    "## Fix safety",
    "## Proof",
    "## References",
)


def summary(rule: Rule[Any]) -> str:
    """What the rule finds, in one line: the first line of its page."""
    return page(rule).partition("\n")[0].removeprefix(f"{rule.code}: ").removesuffix(".")


def markdown(rule: Rule[Any]) -> str:
    """The page as a Markdown document."""
    _, _, body = page(rule).partition("\n")
    status = "on by default" if rule.default else "opt-in"
    return f"# {rule.code}: {summary(rule)}\n\nName: `{rule.name}` · {status}\n\n{body.strip()}".rstrip() + "\n"
