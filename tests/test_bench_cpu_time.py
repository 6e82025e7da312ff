from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.cpu_time import CommandFailed, user_seconds

BUSY = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'for _ in range(6_000_000): pass'])"


def test_children_are_counted(tmp_path: Path) -> None:
    idle = user_seconds([sys.executable, "-c", "pass"], tmp_path)
    assert user_seconds([sys.executable, "-c", BUSY], tmp_path) > idle + 0.05


def test_finding_something_is_no_failure(tmp_path: Path) -> None:
    assert user_seconds([sys.executable, "-c", "raise SystemExit(1)"], tmp_path) >= 0


@pytest.mark.parametrize("code", ["raise SystemExit(2)", "raise RuntimeError"])
def test_a_command_that_breaks_has_no_time(tmp_path: Path, code: str) -> None:
    with pytest.raises(CommandFailed):
        user_seconds([sys.executable, "-c", code], tmp_path)
