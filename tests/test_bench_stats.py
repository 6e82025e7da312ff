from __future__ import annotations

import pytest

from bench.stats import per_ten_thousand, wilson_lower_bound


def test_wilson_bound_of_a_known_case() -> None:
    # Textbook values of Wilson's score interval without continuity correction.
    assert wilson_lower_bound(9, 10) == pytest.approx(0.5958, abs=1e-4)
    assert wilson_lower_bound(95, 100) == pytest.approx(0.8882, abs=1e-4)


def test_wilson_bound_of_no_failure_is_below_one_and_rises_with_trials() -> None:
    assert wilson_lower_bound(10, 10) < wilson_lower_bound(100, 100) < 1.0


def test_wilson_bound_never_leaves_the_unit_interval() -> None:
    assert wilson_lower_bound(0, 5) == 0.0
    assert wilson_lower_bound(0, 0) == 0.0


def test_wilson_bound_refuses_impossible_counts() -> None:
    with pytest.raises(ValueError, match="6 successes in 5 trials"):
        wilson_lower_bound(6, 5)


def test_rate_per_ten_thousand_lines() -> None:
    assert per_ten_thousand(3, 20_000) == 1.5
    assert per_ten_thousand(3, 0) == 0.0
