"""Several processes: workers that die, and Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from torchconv_lint.settings import Settings
from torchconv_lint.shell.batch import automatic_jobs, check_all
from torchconv_lint.shell.check import Checker
from torchconv_lint.shell.checked import Checked
from torchconv_lint.shell.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Callable


def _hear_interrupts() -> None:
    # A shell that runs the tests in the background lets its children ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class FatalChecker(Checker):
    """Dies on some files, as a process does that runs out of memory."""

    def check_file(self, path: str) -> Checked:
        if path.startswith("fatal"):
            os._exit(9)
        return Checked(path)


def test_a_worker_that_dies_takes_only_its_own_file_along() -> None:
    files = [f"fine{n}" for n in range(6)] + ["fatal"] + [f"more{n}" for n in range(12)] + ["fatal2"]
    checked = check_all(files, FatalChecker(Settings(), Selection()), jobs=2)
    assert [one.path for one in checked] == files
    assert {problem.path for one in checked for problem in one.problems} == {"fatal", "fatal2"}
    assert "died" in checked[6].problems[0].message


def test_few_files_are_not_worth_a_process() -> None:
    assert automatic_jobs(0) == automatic_jobs(5) == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("to_all", [True, False], ids=["terminal", "parent_only"])
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted(tmp_path: Path, jobs: str, to_all: bool, number: signal.Signals, status: int) -> None:
    # Nobody ever writes into these pipes, so that linting them takes for ever.
    pipes = [tmp_path / "a.py", tmp_path / "b.py"]
    for pipe in pipes:
        os.mkfifo(pipe)
    process = subprocess.Popen(
        [sys.executable, "-m", "torchconv_lint", "check", "-j", jobs, *map(str, pipes)],
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_hear_interrupts,
    )
    _wait_for_reader(pipes[0])
    stdout, stderr = _after(process, lambda: os.killpg(process.pid, number) if to_all else process.send_signal(number))
    assert process.returncode == status
    assert "Traceback" not in stdout + stderr
    _wait_until_empty(process.pid)


def _after(process: subprocess.Popen[str], interrupt: Callable[[], None]) -> tuple[str, str]:
    """What a process has said that is interrupted, again if need be.

    Python drops an interrupt that falls into a destructor or a callback, as those of the import machinery: a user
    presses the keys again.
    """
    for _ in range(6):
        interrupt()
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=10)
    raise AssertionError("it does not end")


def _wait_for_reader(pipe: Path) -> None:
    while True:
        try:
            os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            time.sleep(0.05)
        else:
            return


def _wait_until_empty(group: int) -> None:
    """Returns once the process group has no member left (helpers of multiprocessing end a moment later)."""
    for _ in range(200):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    raise AssertionError("processes are left over")
