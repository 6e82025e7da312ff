"""What a command costs, its children included: user CPU, wall time, and memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# Linted code makes Python itself warn on some versions; that is not what is measured.
_QUIET = {**os.environ, "PYTHONWARNINGS": "ignore"}
_LAUNCHER = str(Path(__file__).with_name("_launch.py"))
_KILOBYTE = 1 if sys.platform == "darwin" else 1024


class CommandFailed(Exception):
    """The command did not do its work, so its time means nothing."""


@dataclass(frozen=True)
class Cost:
    """User CPU seconds of all processes, seconds on the clock, and megabytes of the largest process."""

    user: float
    wall: float
    megabytes: float


def cost(command: Sequence[str], folder: Path, fine: Sequence[int] = (0, 1), stdin: Path | None = None) -> Cost:
    """Run `command` in `folder`, its output thrown away. Linters exit with 1 when they find something: that is fine.

    Raises `CommandFailed` on another status, or on a traceback: Python's status for a crash is 1, too.
    """
    with tempfile.TemporaryDirectory() as own, open(stdin or os.devnull, "rb") as given:
        result = Path(own) / "cost.json"
        done = subprocess.run(
            [sys.executable, "-I", "-S", _LAUNCHER, str(result), *command],
            cwd=folder,
            stdin=given,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=_QUIET,
        )
        complaint = done.stderr.decode("utf-8", "replace").strip()
        if not result.exists():
            raise CommandFailed(complaint[-1500:] or "it could not be started")
        status, user, wall, memory = json.loads(result.read_text())
    if status not in fine or "Traceback" in complaint:
        raise CommandFailed(f"exit status {status}: {complaint[-1500:] or 'no message'}")
    return Cost(user, wall, memory * _KILOBYTE / 1e6)


def total(costs: Sequence[Cost]) -> Cost:
    """What several commands cost, one after the other."""
    user, wall = sum(one.user for one in costs), sum(one.wall for one in costs)
    return Cost(user, wall, max(one.megabytes for one in costs))
