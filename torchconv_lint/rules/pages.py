"""The rules' pages: what `explain` shows and what the documentation is made of."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

from torchconv_lint.rules import all_rules, page

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
    status = "on by default" if rule.default else f"opt-in: `{rule.group}`"
    return f"# {rule.code}: {summary(rule)}\n\nName: `{rule.name}` · {status}\n\n{body.strip()}".rstrip() + "\n"


def nearest(wanted: str) -> str | None:
    """The code or the name of a rule that `wanted`, which is none, was probably meant to be."""
    code = re.fullmatch(r"(?:CNV)?([0-9]{1,3})", wanted.strip().upper())
    if code is not None:
        # Of codes, the first digits tell most: they are the family. A number alone has lost its letters only.
        number = int(code[1])
        return min((rule.code for rule in all_rules()), key=lambda known: abs(int(known[3:]) - number))
    names = {name.lower(): name for rule in all_rules() for name in (rule.name, rule.code)}
    return next((names[near] for near in difflib.get_close_matches(wanted.lower(), names, n=1)), None)
