"""Timings of contenders that were run in turn, and what they say against a target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Comparison:
    """Seconds of a baseline and of a contender, one pair a round."""

    baseline: Sequence[float]
    contender: Sequence[float]

    def __post_init__(self) -> None:
        if not self.baseline or len(self.baseline) != len(self.contender):
            raise ValueError("a comparison needs one pair of timings or more")

    @property
    def ratio(self) -> float:
        """Median of the contender over median of the baseline."""
        return median(self.contender) / median(self.baseline)

    @property
    def round_ratios(self) -> tuple[float, float]:
        """The least and the greatest ratio of a single round: how far noise goes."""
        ratios = [ours / base for base, ours in zip(self.baseline, self.contender, strict=True)]
        return min(ratios), max(ratios)

    @property
    def added(self) -> float:
        """Seconds that the contender adds, by medians."""
        return median(self.contender) - median(self.baseline)


def spread_sample(count: int, wanted: int | None) -> list[int]:
    """Indices of `wanted` items evenly spread over `count`; all of them for None or when there are fewer."""
    if wanted is None or wanted >= count:
        return list(range(count))
    return [index * count // wanted for index in range(wanted)]
