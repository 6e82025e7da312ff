"""User CPU time of a command, its children included."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

# Linted code makes Python itself warn on some versions; that is not what is measured.
_QUIET = {**os.environ, "PYTHONWARNINGS": "ignore"}


class CommandFailed(Exception):
    """The command did not do its work, so its time means nothing."""


def user_seconds(command: Sequence[str], folder: Path, fine: Sequence[int] = (0, 1)) -> float:
    """Run `command` in `folder`, its output thrown away. Linters exit with 1 when they find something: that is fine.

    Raises `CommandFailed` on another status, or on a traceback: Python's status for a crash is 1, too.
    """
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=errors, env=_QUIET)
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        complaint = errors.read().decode("utf-8", "replace").strip()
    if process.returncode not in fine or "Traceback" in complaint:
        raise CommandFailed(f"exit status {process.returncode}: {complaint[-1500:] or 'no message'}")
    return usage.ru_utime
