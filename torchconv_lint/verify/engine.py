"""Running jobs on a device, seen from the parent: starts the server, hands it the jobs, yields the observations."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from torchconv_lint.verify.observation import DIED, Observation

_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Order:
    """Jobs for one device, JSON objects as `child.Job` has them; `preload` names distributions worth loading once."""

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


def execute(order: Order) -> Iterator[tuple[int, Observation]]:
    """Yield (index of the job, what was observed) as jobs end. Closing the iterator kills what still runs."""
    if not order.jobs:
        return
    server = subprocess.Popen(
        [sys.executable, "-m", "torchconv_lint.verify.server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=_environment(order.device),
        start_new_session=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    left = set(range(len(order.jobs)))
    try:
        request = {**asdict(order), "spawn": order.device == "cuda"}
        server.stdin.write(json.dumps(request).encode() + b"\n")
        server.stdin.flush()
        for line in server.stdout:
            answer = json.loads(line)
            left.discard(answer["job"])
            yield answer["job"], Observation.from_json(answer["observation"])
        for index in sorted(left):
            yield index, Observation(DIED, text="the server that runs the fixtures ended early")
    finally:
        server.stdin.close()  # The server's sign to kill its children and to end.
        try:
            server.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        server.stdout.close()
