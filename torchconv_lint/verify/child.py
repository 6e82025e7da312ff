"""One function of one fixture, run in this process, which does nothing else and ends afterwards."""

from __future__ import annotations

import json
import os
import random
import re
import socket
import sys
import tempfile
import traceback
import types
import warnings
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import torch

from torchconv_lint.verify.observation import BROKEN, RAISED, RETURNED, Observation
from torchconv_lint.verify.values import describe, sharing
from torchconv_lint.verify.watch import Watch, watching

_MODULE = "fixture_under_proof"


@dataclass(frozen=True, slots=True)
class Job:
    """What to run, and where. `marks`: (line, name) of the findings. Without `watch`, memory is not observed."""

    path: str
    text: str
    function: str
    device: str
    watch: bool
    marks: tuple[tuple[int, str], ...]


def _no_network(*_: Any) -> NoReturn:
    raise OSError("fixtures run without a network")


def _prepare() -> None:
    os.chdir(tempfile.mkdtemp(prefix="torchconv-lint-verify-"))
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)
    torch.set_warn_always(True)
    torch.set_num_threads(1)
    socket.socket.connect = _no_network  # type: ignore[method-assign]
    socket.getaddrinfo = _no_network  # type: ignore[assignment]


def _device(name: str) -> AbstractContextManager[Any]:
    if name != "stand-in":
        return nullcontext()
    from torchconv_lint.verify.standin.program import Simulated

    return Simulated()


def _waits(name: str) -> list[str]:
    if name != "stand-in":
        return []
    from torchconv_lint.verify.standin.device import waits

    return waits


def run(job: Job) -> Observation:
    """Run the job's function and say what it showed."""
    _prepare()
    module = types.ModuleType(_MODULE)
    module.__file__ = job.path
    sys.modules[_MODULE] = module  # dataclasses and pickle look their module up
    with _device(job.device):
        try:
            exec(compile(job.text, job.path, "exec"), module.__dict__)
        except BaseException as error:
            return Observation(BROKEN, type(error).__name__, str(error))
        return _observe(job, getattr(module, job.function))


def _observe(job: Job, function: Any) -> Observation:
    waits = _waits(job.device)
    waits.clear()
    watch = Watch(job.path, _MODULE, dict(job.marks)) if job.watch else None
    outcome, kind, text, value = RETURNED, "", "", None
    lines: tuple[int, ...] = ()
    caught: list[tuple[str, str, int]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, category, *_: caught.append(
            (category.__name__, str(message), _line_of(job.path))
        )
        try:
            watching(watch)
            value = function()
        except BaseException as error:
            watching(None)
            outcome, kind, text = RAISED, type(error).__name__, str(error)
            frames = traceback.extract_tb(error.__traceback__)
            told = re.findall(
                rf'File "{re.escape(job.path)}", line (\d+)', text
            )  # by compilers, of code that they read
            lines = (*(frame.lineno or 0 for frame in frames if frame.filename == job.path), *map(int, told))
        finally:
            watching(None)
    if watch is not None:
        watch.finish()
    counted = tuple(waits)
    return Observation(
        outcome,
        kind,
        text,
        lines,
        tuple(caught),
        tuple(watch.writes) if watch else (),
        tuple(sorted(watch.drifted)) if watch else (),
        counted,
        describe(value),
        sharing(value),
    )


def _line_of(path: str) -> int:
    """The line of the fixture that is being executed: libraries, and the stand-in, may be called in between."""
    frame = sys._getframe()
    while frame is not None and frame.f_code.co_filename != path:
        frame = frame.f_back  # type: ignore[assignment]
    return frame.f_lineno if frame is not None else 0


def job_from_json(data: dict[str, Any]) -> Job:
    """Inverse of `dataclasses.asdict` and `json.dumps`."""
    return Job(**{**data, "marks": tuple((line, name) for line, name in data["marks"])})


def main() -> None:
    """Read a job from standard input, write the observation to the file descriptor named on the command line."""
    job = job_from_json(json.load(sys.stdin))
    with os.fdopen(int(sys.argv[1]), "w") as out:
        out.write(json.dumps(run(job).to_json()) + "\n")


if __name__ == "__main__":
    main()
