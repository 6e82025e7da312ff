"""The table of precision in the documentation."""

from __future__ import annotations

import pytest

from bench.page import BEGIN, END, replaced
from bench.precision import Precision

RULES = {
    "CNV101": Precision(true_alarms=3),
    "CNV502": Precision(true_alarms=9, false_alarms=1, unclear=2),
}


def test_only_the_table_is_replaced() -> None:
    page = f"# Title\n\n{BEGIN}\nold\n{END}\n\nrest\n"
    made = replaced(page, RULES, 10_000)
    before, _, after = made.partition(BEGIN)
    assert before == "# Title\n\n"
    assert after.endswith(f"{END}\n\nrest\n")
    assert "old" not in made
    assert replaced(made, RULES, 10_000) == made


def test_an_unclear_finding_is_a_false_alarm() -> None:
    lines = replaced(f"{BEGIN}\n{END}", RULES, 20_000).splitlines()
    assert lines[3] == "| CNV101 | 3 | 3 | 0 | 0 | 100 % | 43.9 % | 1.500 | 0.000 |"
    assert lines[4] == "| CNV502 | 12 | 9 | 1 | 2 | 75 % | 46.8 % | 4.500 | 1.500 |"
    assert lines[5] == "| all | 15 | 12 | 1 | 2 | 80 % | 54.8 % | 6.000 | 1.500 |"


def test_a_page_without_a_place_for_it_is_refused() -> None:
    with pytest.raises(SystemExit):
        replaced("# Title\n", RULES, 10_000)
