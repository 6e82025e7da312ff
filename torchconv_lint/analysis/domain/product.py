"""Combining values: every possible pairing of alternatives, those that contradict each other left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.values import ALWAYS, Kind, Value, When, join, just, under

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_PAIRINGS = 16


def pairings(values: Sequence[Value]) -> list[tuple[tuple[Kind, ...], When]]:
    """All combinations of alternatives that can hold together, with what they need; cut at MAX_PAIRINGS."""
    combined: list[tuple[tuple[Kind, ...], When]] = [((), ALWAYS)]
    for value in values:
        if len(value) == 1 and not value[0].when:
            kind = value[0].kind
            combined = [((*kinds, kind), when) for kinds, when in combined]
            continue
        combined = [
            ((*kinds, alt.kind), when | alt.when)
            for kinds, when in combined
            for alt in value
            if not any((key, not truth) in when for key, truth in alt.when)
        ][:MAX_PAIRINGS]
    return combined


def combine(values: Sequence[Value], make: Callable[..., Kind | Value]) -> Value:
    """`make` applied to every pairing of alternatives."""
    parts: list[Value] = []
    for kinds, when in pairings(values):
        result = make(*kinds)
        if isinstance(result, Kind):
            result = under(just(result), when) if when else just(result)
        elif when:
            result = under(result, when)
        parts.append(result)
    return join(*parts) if parts else ()
