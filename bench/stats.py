"""The little statistics that the tables need."""

from __future__ import annotations

import math
from statistics import NormalDist


def wilson_lower_bound(successes: int, trials: int, confidence: float = 0.95) -> float:
    """Lower end of Wilson's two-sided interval for a proportion; 0.0 without successes."""
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes in {trials} trials")
    if successes == 0:
        return 0.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = successes / trials
    centre = share + z * z / (2 * trials)
    spread = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return max(0.0, (centre - spread) / (1 + z * z / trials))


def per_ten_thousand(count: int, lines: int) -> float:
    """`count` per 10,000 lines; 0.0 when there are no lines."""
    return 10_000 * count / lines if lines else 0.0
