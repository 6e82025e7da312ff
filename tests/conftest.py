"""What the tests of the command line and the plugin share: they start both as users do, as processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent

# One finding of a default rule, CNV101 at line 6, column 12.
HAZARD = """\
import torch


def scores():
    x = torch.ones(3, device="cuda")
    return x.numpy()
"""


def notebook(*cells: str) -> str:
    """The file of a notebook with these code cells."""
    kept = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    document = {
        "cells": [{**kept, "source": source.splitlines(keepends=True)} for source in cells],
        "metadata": {"language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 4,
    }
    return json.dumps(document, indent=1)


# The files that take longest. Started first, none of them is left to one process while the others have nothing to do.
LONG = ["test_verify_fixtures.py", "test_verify_command.py", "test_verify_breaking.py", "test_pre_commit.py"]


def pytest_configure(config: pytest.Config) -> None:
    """Files in our order: pytest-xdist would start those with the most tests first."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, the others as they are."""
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))


Run = Callable[..., "subprocess.CompletedProcess[str]"]


def run_module(module: str, *arguments: str, cwd: Path, **options: object) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR")}
    environment |= options.pop("env", {})  # type: ignore[arg-type, operator]
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        command, cwd=cwd, env=environment, capture_output=True, encoding="utf-8", timeout=300, **options
    )


@pytest.fixture(autouse=True, scope="session")
def _no_memory_of_other_runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What flake8 remembers for the user stays out of the tests, and the other way round."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def check(tmp_path: Path) -> Run:
    """Runs `torchconv-lint check` in `tmp_path`."""
    return lambda *arguments, **options: run_module(
        "torchconv_lint", "check", *arguments, **{"cwd": tmp_path, **options}
    )


@pytest.fixture
def flake8(tmp_path: Path) -> Run:
    """Runs the real flake8 in `tmp_path`, with our codes only."""
    return lambda *arguments, **options: run_module(
        "flake8", "--select=CNV", *arguments, **{"cwd": tmp_path, **options}
    )


@pytest.fixture
def hazard(tmp_path: Path) -> Path:
    path = tmp_path / "hazard.py"
    path.write_text(HAZARD)
    return path
