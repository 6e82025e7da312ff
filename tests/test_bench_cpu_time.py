from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.cpu_time import CommandFailed, Cost, cost, total

BUSY = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'for _ in range(6_000_000): pass'])"


def test_children_are_counted(tmp_path: Path) -> None:
    idle = cost([sys.executable, "-c", "pass"], tmp_path)
    assert cost([sys.executable, "-c", BUSY], tmp_path).user > idle.user + 0.05


def test_memory_is_that_of_the_largest_process(tmp_path: Path) -> None:
    large = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'x = bytearray(80_000_000)'])"
    idle = cost([sys.executable, "-c", "pass"], tmp_path)
    assert cost([sys.executable, "-c", large], tmp_path).megabytes > idle.megabytes + 60


def test_standard_input_is_given(tmp_path: Path) -> None:
    (tmp_path / "in").write_text("yes")
    code = "import sys; raise SystemExit(0 if sys.stdin.read() == 'yes' else 2)"
    assert cost([sys.executable, "-c", code], tmp_path, stdin=tmp_path / "in").wall > 0


def test_finding_something_is_no_failure(tmp_path: Path) -> None:
    assert cost([sys.executable, "-c", "raise SystemExit(1)"], tmp_path).user >= 0


@pytest.mark.parametrize("code", ["raise SystemExit(2)", "raise RuntimeError"])
def test_a_command_that_breaks_has_no_time(tmp_path: Path, code: str) -> None:
    with pytest.raises(CommandFailed):
        cost([sys.executable, "-c", code], tmp_path)


def test_costs_of_several_commands_add_up_but_for_memory() -> None:
    assert total([Cost(1.0, 2.0, 30.0), Cost(0.5, 0.5, 20.0)]) == Cost(1.5, 2.5, 30.0)
