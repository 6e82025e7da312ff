from __future__ import annotations

import pytest

from bench.timing import Comparison, spread_sample


def test_the_ratio_is_one_of_medians() -> None:
    comparison = Comparison(baseline=[10.0, 30.0, 11.0], contender=[12.0, 12.0, 99.0])
    assert comparison.ratio == pytest.approx(12 / 11)
    assert comparison.added == pytest.approx(1.0)
    assert comparison.round_ratios == pytest.approx((0.4, 9.0))


def test_unpaired_timings_are_refused() -> None:
    with pytest.raises(ValueError, match="one pair"):
        Comparison([1.0], [])
    with pytest.raises(ValueError, match="one pair"):
        Comparison([], [])


@pytest.mark.parametrize(
    ("count", "wanted", "expected"),
    [(5, None, [0, 1, 2, 3, 4]), (3, 9, [0, 1, 2]), (10, 3, [0, 3, 6]), (4, 0, [])],
)
def test_a_sample_is_spread_evenly(count: int, wanted: int | None, expected: list[int]) -> None:
    assert spread_sample(count, wanted) == expected
