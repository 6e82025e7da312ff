"""Which files are measured."""

from __future__ import annotations


def spread_sample(count: int, wanted: int | None) -> list[int]:
    """Indices of `wanted` items evenly spread over `count`; all of them for None or when there are fewer."""
    if wanted is None or wanted >= count:
        return list(range(count))
    return [index * count // wanted for index in range(wanted)]
