"""Work in forked children: its results, its failures, and what fails by chance."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from torchconv_lint.knowledge.isolate import isolated, isolated_map

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the children may write, which `isolated_map` sets for its own."""
    monkeypatch.setenv("TORCHCONV_PROBE_DIR", str(tmp_path))


def _exit() -> None:
    raise SystemExit(3)


def test_a_result_comes_back() -> None:
    assert isolated(lambda: {"sum": 3}, limit=10) == {"sum": 3}


@pytest.mark.parametrize(
    "work", [_exit, lambda: os.kill(os.getpid(), 9), lambda: 1 / 0], ids=["exit", "killed", "error"]
)
def test_failures_stay_in_the_child(work: object) -> None:
    assert callable(work)
    assert isolated(work, limit=10) is None


def test_what_failed_by_chance_is_tried_once_more(tmp_path: Path) -> None:
    def flaky(name: str) -> int:
        mark = tmp_path / name
        if name == "always" or not mark.exists():
            mark.touch()
            raise OSError(name)
        return len(name)

    assert isolated_map(flaky, ["once", "always"]) == {"once": 4, "always": None}
