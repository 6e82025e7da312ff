from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("matplotlib")

from bench.plots import plot_growth, plot_speed


def test_the_same_numbers_give_the_same_picture(tmp_path: Path) -> None:
    for name in ("a", "b"):
        plot_speed("files", {"flake8": 2.5, "torchconv-lint check": 1.25}, tmp_path / f"{name}1.svg")
        plot_growth({"ordinary": [(1000, 0.1), (10_000, 1.0)], "deep": [(500, 0.1)]}, tmp_path / f"{name}2.svg")
    for number, words in (("1", ["torchconv-lint check", "1.25"]), ("2", ["ordinary", "lines of input"])):
        picture = (tmp_path / f"a{number}.svg").read_text()
        assert picture == (tmp_path / f"b{number}.svg").read_text()
        assert all(word in picture for word in words)
