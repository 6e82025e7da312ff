from __future__ import annotations

import pytest

from bench.timing import spread_sample


@pytest.mark.parametrize(
    ("count", "wanted", "expected"),
    [(5, None, [0, 1, 2, 3, 4]), (3, 9, [0, 1, 2]), (10, 3, [0, 3, 6]), (4, 0, [])],
)
def test_a_sample_is_spread_evenly(count: int, wanted: int | None, expected: list[int]) -> None:
    assert spread_sample(count, wanted) == expected
