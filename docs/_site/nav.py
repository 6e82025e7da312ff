"""Fills the navigation when the site is built: the rules are those that exist, by family."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from torchconv_lint.rules import all_rules

FAMILIES = {
    "1": "Tensor to NumPy",
    "2": "Shared memory",
    "3": "NumPy to tensor",
    "4": "Tensor to number",
    "5": "The graph",
    "6": "The accelerator's clock",
    "7": "Tracing and transforms",
}


def on_config(config: Any) -> Any:
    """Put the pages of all rules below "Rules", and pages that nobody has placed at the end."""
    for entry in config.nav:
        if "Rules" in entry:
            entry["Rules"] = ["rules/index.md", *_families()]
    rest = {path.name for path in Path(config.docs_dir).glob("*.md")} - set(_placed(config.nav))
    if rest:
        config.nav.append({"More": sorted(rest)})
    return config


def _placed(nav: Any) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    for entry in nav if isinstance(nav, list) else nav.values() if isinstance(nav, dict) else ():
        yield from _placed(entry)


def _families() -> list[dict[str, list[dict[str, str]]]]:
    families: dict[str, list[dict[str, str]]] = {}
    for rule in all_rules():
        title = f"{rule.code[:4]}xx {FAMILIES.get(rule.code[3], '')}".rstrip()
        families.setdefault(title, []).append({f"{rule.code} {rule.name}": f"rules/{rule.code}.md"})
    return [{title: pages} for title, pages in families.items()]
