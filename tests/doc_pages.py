"""What the documentation promises, taken from its pages: files, commands, and what the commands show."""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from conftest import REPOSITORY

DOCS = REPOSITORY / "docs"
_INSTALL = re.compile(r"^pip install .*$", re.MULTILINE)
_FENCE = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """One fenced block of a page."""

    language: str
    title: str
    text: str


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page, in their order."""
    text = (DOCS / page).read_text("utf-8")
    return [Block(*match) for match in _FENCE.findall(text)]


def run(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command of a page in `folder` as a user's shell would, its two streams together.

    It finds the programs of this Python first. pip has no index: what a page installs must be here already, and is
    asked for once, as pip takes longer to find that out than we to lint.
    """
    for line in _INSTALL.findall(command):
        assert _installs(line), line
    return _run(_INSTALL.sub(":", command), folder, **environment)


@functools.cache
def _installs(line: str) -> bool:
    return _run(line, DOCS).returncode == 0


def _run(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join((os.path.dirname(sys.executable), os.environ.get("PATH", "")))
    inherited = {key: value for key, value in os.environ.items() if key not in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")}
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**inherited, "PATH": path, "PIP_NO_INDEX": "1", "NO_COLOR": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=300,
    )
