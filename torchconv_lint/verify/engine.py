"""Running jobs on a device, seen from the parent: starts the server, hands it the jobs, yields the observations."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any

from torchconv_lint.verify.observation import DIED, Observation

_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Order:
    """Jobs for one device, JSON objects as `child.Job` has them; `preload` names what to load before they start."""

    device: str
    jobs: tuple[dict[str, Any], ...]
    width: int
    limit: float
    preload: tuple[str, ...] = ()


def _environment(device: str) -> dict[str, str]:
    environment = dict(os.environ, MPLBACKEND="agg", OMP_NUM_THREADS="1", PYTHONHASHSEED="0")
    if device != "cuda":  # "cpu" means a machine without an accelerator.
        environment["CUDA_VISIBLE_DEVICES"] = ""
    return environment


class Server:
    """A server process for one device; `with Server("cpu") as server: server.execute(order)`, as often as wanted."""

    def __init__(self, device: str) -> None:
        # What the fixtures write goes away with the server.
        self._scratch = tempfile.TemporaryDirectory(prefix="torchconv-lint-verify-", ignore_cleanup_errors=True)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "torchconv_lint.verify.server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(device) | {"TMPDIR": self._scratch.name},
            start_new_session=True,
        )

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *exc: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()  # The server's sign to kill its children and to end.
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.terminate()
            self._process.wait()
        self._process.stdout.close()
        self._scratch.cleanup()

    @property
    def has_ended(self) -> bool:
        """Whether it has died, and answers no more."""
        return self._process.poll() is not None

    def execute(self, order: Order) -> Iterator[tuple[int, Observation]]:
        """Yield (index of the job, what was observed) as jobs end."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        left = set(range(len(order.jobs)))
        request = {**asdict(order), "spawn": order.device == "cuda"}
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        while left and (line := self._process.stdout.readline()):
            answer = json.loads(line)
            left.discard(answer["job"])
            yield answer["job"], Observation.from_json(answer["observation"])
        for index in sorted(left):
            yield index, Observation(DIED, text="the server that runs the fixtures ended early")


class Servers:
    """Runs orders one after the other: `with Servers() as servers: servers.execute(order)`. A server is started when a
    device is first asked for, and serves what else is asked for it: loading torch takes longer than a hundred jobs.
    Orders that load more have another one: its processes take several times as long to fork."""

    def __init__(self) -> None:
        self._started: dict[tuple[str, bool], Server] = {}
        self._open = ExitStack()

    def __enter__(self) -> Servers:
        return self

    def __exit__(self, *exc: object) -> None:
        self._open.close()

    def execute(self, order: Order) -> Iterator[tuple[int, Observation]]:
        """Yield (index of the job, what was observed) as jobs end."""
        if not order.jobs:
            return
        key = (order.device, bool(order.preload))
        server = self._started.get(key)
        if server is None or server.has_ended:
            server = self._started[key] = self._open.enter_context(Server(order.device))
        yield from server.execute(order)


def execute(order: Order) -> Iterator[tuple[int, Observation]]:
    """Run one order on a server of its own. Closing the iterator kills what still runs."""
    with Servers() as servers:
        yield from servers.execute(order)
