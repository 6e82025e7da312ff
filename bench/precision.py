"""Findings against the ledger: which are judged, how many were right, which entries found nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.ledger import Entry, Judgement, Place
from bench.stats import wilson_lower_bound


@dataclass
class Precision:
    """Judgements of one rule's findings."""

    true_alarms: int = 0
    false_alarms: int = 0
    unclear: int = 0
    unjudged: int = 0

    @property
    def findings(self) -> int:
        """All findings of the rule."""
        return self.true_alarms + self.false_alarms + self.unclear + self.unjudged

    @property
    def judged(self) -> int:
        """Findings with a verdict, an unclear one included."""
        return self.true_alarms + self.false_alarms + self.unclear

    @property
    def share(self) -> float | None:
        """The share of true alarms among the judged findings. An unclear one counts as not true."""
        return self.true_alarms / self.judged if self.judged else None

    @property
    def lower_bound(self) -> float:
        """Wilson's lower bound of `share` at 95 %."""
        return wilson_lower_bound(self.true_alarms, self.judged)

    def add(self, judgement: Judgement | None) -> None:
        """Count one finding."""
        if judgement is Judgement.TRUE_ALARM:
            self.true_alarms += 1
        elif judgement is Judgement.FALSE_ALARM:
            self.false_alarms += 1
        elif judgement is Judgement.UNCLEAR:
            self.unclear += 1
        else:
            self.unjudged += 1


def per_rule(found: Iterable[Place], ledger: Mapping[str, Entry]) -> dict[str, Precision]:
    """Judgements by code, sorted."""
    rules: dict[str, Precision] = {}
    for place in found:
        entry = ledger.get(place.key)
        rules.setdefault(place.code, Precision()).add(entry.judgement if entry else None)
    return dict(sorted(rules.items()))


def total(rules: Mapping[str, Precision]) -> Precision:
    """The judgements of all rules together."""
    return Precision(
        true_alarms=sum(rule.true_alarms for rule in rules.values()),
        false_alarms=sum(rule.false_alarms for rule in rules.values()),
        unclear=sum(rule.unclear for rule in rules.values()),
        unjudged=sum(rule.unjudged for rule in rules.values()),
    )


def unjudged(found: Iterable[Place], ledger: Mapping[str, Entry]) -> list[Place]:
    """The findings that nobody has judged yet."""
    return [place for place in found if place.key not in ledger]


def stale(found: Iterable[Place], ledger: Mapping[str, Entry], scanned_packages: Sequence[str]) -> list[Entry]:
    """Entries of the scanned packages that no finding answers to any more."""
    alive = {place.key for place in found}
    return [entry for key, entry in ledger.items() if key not in alive and entry.place.package in scanned_packages]
