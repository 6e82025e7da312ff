"""Run a piece of work in a forked child, so that an abort, a hang or a changed global stays there."""

from __future__ import annotations

import functools
import gc
import json
import os
import resource
import select
import signal
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

_PATIENCE = 6


def _child(work: Callable[[], Any], write_end: int, limit: int) -> None:
    """Do the work with silent streams in an empty folder and send its JSON through the pipe."""
    gc.disable()
    status = 1
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        os.chdir(tempfile.mkdtemp(dir=os.environ["TORCHCONV_PROBE_DIR"]))
        payload = json.dumps(work()).encode() + b"\n"
        with os.fdopen(write_end, "wb") as pipe:
            pipe.write(payload)
        status = 0
    except BaseException:  # a probed operation may raise anything, SystemExit included
        status = 2
    finally:
        os._exit(status)


def isolated(work: Callable[[], Any], limit: int) -> Any | None:
    """The JSON value of `work()`, or None when it raised, crashed or computed longer than `limit` seconds. Time of the
    processor, so that a busy machine measures the same; what waits for something is given some more."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read_end)
        _child(work, write_end, limit)
    os.close(write_end)
    deadline = time.monotonic() + _PATIENCE * limit
    chunks: list[bytes] = []
    try:
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([read_end], [], [], left)[0]:
                os.kill(pid, signal.SIGKILL)
                break
            chunk = os.read(read_end, 1 << 16)
            if not chunk:
                break
            chunks.append(chunk)
            if chunk.endswith(b"\n"):  # not the end of file: a sibling's fork may hold the pipe open
                break
    finally:
        os.close(read_end)
        _, status = os.waitpid(pid, 0)
    return json.loads(b"".join(chunks)) if status == 0 and chunks else None


def isolated_map(work: Callable[[str], Any], names: Sequence[str], limit: int = 10) -> dict[str, Any]:
    """`isolated(work(name))` for each name, a few at a time; names without a result map to None.

    What had no result is tried once more with nothing beside it: a child forked while another thread holds a lock of
    the C library or of BLAS can hang by chance, and a table must not depend on chance.
    """
    gc.collect()
    gc.freeze()  # the children share the parent's pages as long as no collector writes into them
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["TORCHCONV_PROBE_DIR"] = scratch
        with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
            attempts = pool.map(lambda name: isolated(lambda: work(name), limit), names)
            results = dict(zip(names, attempts, strict=True))
        for name in [name for name in names if results[name] is None]:
            results[name] = isolated(functools.partial(work, name), limit)
        return results
