from __future__ import annotations

from pathlib import Path

import pytest

from bench.applications import read_commits


def test_the_committed_commits_can_be_read() -> None:
    assert len(read_commits()) >= 10


def test_a_branch_is_no_commit(tmp_path: Path) -> None:
    pins = tmp_path / "applications.txt"
    pins.write_text("owner/name@main\n", encoding="utf-8")
    with pytest.raises(ValueError, match="not owner/name@commit"):
        read_commits(pins)
