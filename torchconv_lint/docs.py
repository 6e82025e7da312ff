"""Writes the generated pages: `python -m torchconv_lint.docs [FOLDER]`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from torchconv_lint.model import Confidence
from torchconv_lint.rules import all_rules
from torchconv_lint.rules.pages import markdown, summary
from torchconv_lint.verify.evidence import load
from torchconv_lint.verify.fixture import find_fixtures, read_fixture
from torchconv_lint.verify.pages import claims_page, proof_page
from torchconv_lint.verify.seen import seen

if TYPE_CHECKING:
    from torchconv_lint.analysis.telling.events import Event
    from torchconv_lint.rules.base import Rule

_FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"


def pages(folder: Path = _FIXTURES) -> dict[str, str]:
    """From path below `docs/` to content: a page a rule, their index, and what the evidence in `folder` shows."""
    fixtures = [read_fixture(path) for path in find_fixtures([folder])]
    evidences = load(folder / "evidence")
    files = {f"rules/{rule.code}.md": f"{markdown(rule)}\n{seen(rule, fixtures, evidences)}" for rule in all_rules()}
    rows = [
        f"| [{rule.code}]({rule.code}.md) | `{rule.name}` | {summary(rule).replace('|', '&#124;')} | {_default(rule)} |"
        for rule in all_rules()
    ]
    table = ["| code | name | finds | default |", "|---|---|---|---|", *rows]
    files["rules/index.md"] = "\n".join(["# Rules", "", *table, ""])
    return files | {
        "proof.md": proof_page(all_rules(), fixtures, evidences),
        "claims.md": claims_page(fixtures, evidences),
    }


def _default(rule: Rule[Event]) -> str:
    """Whether a rule is on, for the index."""
    if not rule.default:
        return f"opt-in: {rule.group}"
    return "on" if rule.default_from < Confidence.CERTAIN else "on if certain"


def write(folder: Path) -> None:
    """Write all pages into `folder` and remove those of rules that are gone."""
    wanted = pages()
    (folder / "rules").mkdir(parents=True, exist_ok=True)
    for stale in {f"rules/{path.name}" for path in (folder / "rules").glob("*.md")} - set(wanted):
        (folder / stale).unlink()
    for name, content in wanted.items():
        (folder / name).write_bytes(content.encode())


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
