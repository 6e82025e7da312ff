"""Writes the rules' pages: `python -m torchconv_lint.docs [FOLDER]`."""

from __future__ import annotations

import sys
from pathlib import Path

from torchconv_lint.rules import all_rules
from torchconv_lint.rules.pages import markdown, summary


def pages() -> dict[str, str]:
    """From file name to content: one page a rule, and an index."""
    files = {f"{rule.code}.md": markdown(rule) for rule in all_rules()}
    rows = [
        f"| [{rule.code}]({rule.code}.md) | `{rule.name}` | {summary(rule).replace('|', '&#124;')} "
        f"| {'on' if rule.default else 'opt-in'} |"
        for rule in all_rules()
    ]
    files["index.md"] = "\n".join(["# Rules", "", "| code | name | finds | default |", "|---|---|---|---|", *rows, ""])
    return files


def write(folder: Path) -> None:
    """Write all pages into `folder` and remove those of rules that are gone."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = pages()
    for stale in {path.name for path in folder.glob("*.md")} - set(wanted):
        (folder / stale).unlink()
    for name, content in wanted.items():
        (folder / name).write_bytes(content.encode())


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/rules"))
