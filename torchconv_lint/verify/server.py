"""The process that runs jobs: each in a child of its own, several at a time, none longer than its time.

For cpu and stand-in it has torch loaded and forks (importing torch costs more than most fixtures); for CUDA, which does
not survive a fork, it starts a fresh interpreter per job. Jobs come as one JSON line on standard input, observations
leave as JSON lines on standard output. When standard input closes, or on SIGTERM, all children are killed: however the
parent ends, nothing stays behind.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections import deque
from typing import Any

from torchconv_lint.verify.observation import DIED, TIMED_OUT, Observation

# Loading these once saves a second in each child.
_PRELOAD = {
    "scikit-learn": "sklearn.metrics",
    "matplotlib": "matplotlib.pyplot",
    "scipy": "scipy.ndimage",
    "pandas": "pandas",
    "torch.compile": "torch._dynamo",
}


class _Child:
    """A running job: its process group, and the pipe on which it answers."""

    def __init__(self, index: int, pid: int, pipe: int, deadline: float) -> None:
        self.index, self.pid, self.pipe, self.deadline = index, pid, pipe, deadline
        self.answer = b""

    def kill(self) -> int:
        """End the child and what it started; its exit status."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        return os.waitpid(self.pid, 0)[1]


def _fork(job: dict[str, Any]) -> tuple[int, int]:
    read, write = os.pipe()
    pid = os.fork()
    if pid:
        os.close(write)
        return pid, read
    try:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.close(read)
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):  # What a fixture prints is no answer.
            os.dup2(null, descriptor)
        from torchconv_lint.verify.child import job_from_json, run

        answer = json.dumps(run(job_from_json(job)).to_json()).encode() + b"\n"
        while answer:
            answer = answer[os.write(write, answer) :]
    finally:
        os._exit(0)


def _spawn(job: dict[str, Any]) -> tuple[int, int]:
    read, write = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "torchconv_lint.verify.child", str(write)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(write,),
        start_new_session=True,
    )
    os.close(write)
    assert process.stdin is not None
    process.stdin.write(json.dumps(job).encode())
    process.stdin.close()
    process.returncode = 0  # We wait for it ourselves.
    return process.pid, read


class Pool:
    """Runs `jobs`, at most `width` at a time, each for at most `limit` seconds."""

    def __init__(self, jobs: list[dict[str, Any]], width: int, limit: float, spawn: bool) -> None:
        self._waiting = deque(enumerate(jobs))
        self._width, self._limit = width, limit
        self._start = _spawn if spawn else _fork
        self._running: dict[int, _Child] = {}

    def work(self) -> bool:
        """Answer every job; False if the parent went away before."""
        while self._waiting or self._running:
            while self._waiting and len(self._running) < self._width:
                index, job = self._waiting.popleft()
                pid, pipe = self._start(job)
                self._running[pipe] = _Child(index, pid, pipe, time.monotonic() + self._limit)
            wait = min(child.deadline for child in self._running.values()) - time.monotonic()
            ready, _, _ = select.select([0, *self._running], [], [], max(wait, 0))
            if 0 in ready:  # The parent says nothing while it waits: this is its end.
                return False
            for pipe in ready:
                if pipe in self._running:
                    self._read(self._running[pipe])
            for child in list(self._running.values()):
                if time.monotonic() > child.deadline:
                    self._end(child, Observation(TIMED_OUT, text=f"after {self._limit:g} s"))
        return True

    def _read(self, child: _Child) -> None:
        data = os.read(child.pipe, 1 << 16)
        child.answer += data
        if not data or child.answer.endswith(b"\n"):  # A grandchild may hold the pipe open.
            self._end(child, None)

    def _end(self, child: _Child, observation: Observation | None) -> None:
        del self._running[child.pipe]
        os.close(child.pipe)
        status = child.kill()
        if observation is None:
            try:
                observation = Observation.from_json(json.loads(child.answer))
            except ValueError:
                number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
                how = signal.Signals(number).name if number else f"exit status {os.waitstatus_to_exitcode(status)}"
                observation = Observation(DIED, how, "the process ended before the function did")
        print(json.dumps({"job": child.index, "observation": observation.to_json()}), flush=True)

    def close(self) -> None:
        """Kill what still runs."""
        for child in self._running.values():
            child.kill()


def _terminated(*_: Any) -> None:
    raise SystemExit(143)


def main() -> None:
    """Serve orders, one a line: {"jobs": …, "width": …, "limit": …, "spawn": …, "preload": …}, until the input ends."""
    signal.signal(signal.SIGTERM, _terminated)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while line := _line():
        order = json.loads(line)
        if not order["spawn"]:
            importlib.import_module("torchconv_lint.verify.child").load_early(order["device"])
            for need in order["preload"]:
                with contextlib.suppress(ImportError):  # An old torch: the programs that need it will say so.
                    if need in _PRELOAD:
                        importlib.import_module(_PRELOAD[need])
        pool = Pool(order["jobs"], order["width"], order["limit"], order["spawn"])
        try:
            if not pool.work():
                return
        finally:
            pool.close()


def _line() -> bytes:
    """One line of standard input, without reading ahead: the end of the input is still to be noticed."""
    parts = []
    while (byte := os.read(0, 1)) not in (b"\n", b""):
        parts.append(byte)
    return b"".join(parts)


if __name__ == "__main__":
    main()
