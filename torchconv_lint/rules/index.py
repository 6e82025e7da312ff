"""What decides whether a rule is needed, for all rules at once: most files have nothing to judge, and importing every
rule to find out took half of the time that one file takes in an editor.

`index.json` is made of the rules themselves: `python -m torchconv_lint.rules.index`.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from torchconv_lint.rules.base import Rule
    from torchconv_lint.settings import Settings

Described: TypeAlias = "Entry | Rule[Any]"

FILE = Path(__file__).with_name("index.json")


class Entry(NamedTuple):
    """One rule's attributes of the same names; see `rules.base.Rule`."""

    code: str
    group: str
    default: bool
    needs_accelerator: bool
    since: tuple[int, int] | None
    since_numpy: tuple[int, int] | None
    triggers: tuple[tuple[str, ...], ...]
    triggers_on_request: tuple[tuple[str, ...], ...]


@functools.cache
def entries() -> tuple[Entry, ...]:
    """Every rule's, sorted by code."""
    return tuple(Entry(*_frozen(values)) for values in json.loads(FILE.read_text(encoding="utf-8")))


@functools.lru_cache(maxsize=8)
def wanted(settings: Settings) -> frozenset[tuple[str, ...]]:
    """What the sieve has to look for on behalf of the rules that these settings ask for."""
    chosen = [entry for entry in entries() if is_enabled(entry, settings)]
    triggers = {trigger for entry in chosen for trigger in entry.triggers}
    triggers.update(*(entry.triggers_on_request for entry in chosen if shows_all(entry, settings)))
    return frozenset(triggers)


def is_enabled(rule: Described, settings: Settings) -> bool:
    """Whether a rule is to run."""
    if settings.assume_device == "cpu" and rule.needs_accelerator:
        return False
    if is_before(settings.target_torch, rule.since) or is_before(settings.target_numpy, rule.since_numpy):
        return False
    return rule.default or is_asked_for(rule, settings)


def shows_all(rule: Described, settings: Settings) -> bool:
    """Whether a rule's findings are shown that have turned out to be false too often for those who have not asked."""
    return settings.confidence < Confidence.LIKELY or is_asked_for(rule, settings)


def answers_to(rule: Described, asked: str) -> bool:
    """Whether a rule is meant by "ALL", the name of its group in upper case, its code or a beginning of that."""
    return asked in ("ALL", rule.group.upper()) or rule.code.startswith(asked)


def is_asked_for(rule: Described, settings: Settings) -> bool:
    """Whether somebody has asked for the rule, by its code, its group or all at once."""
    return any(answers_to(rule, asked) for asked in settings.opt_in)


def is_before(target: tuple[int, int] | None, since: tuple[int, int] | None) -> bool:
    """Whether the release that the code has to run with does not do yet what it is about."""
    return target is not None and since is not None and target < since


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def written() -> str:
    """The text of `index.json`, one rule a line, as the rules are now."""
    from torchconv_lint.rules import all_rules

    lines = [json.dumps([getattr(rule, name) for name in Entry._fields]) for rule in all_rules()]
    return "[\n" + ",\n".join(lines) + "\n]\n"


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
