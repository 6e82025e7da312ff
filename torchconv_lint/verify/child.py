"""One function of one fixture, run in this process, which does nothing else and ends afterwards."""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import re
import socket
import sys
import tempfile
import traceback
import types
import warnings
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from typing import Any, NoReturn

import torch

from torchconv_lint.verify import observation as seen
from torchconv_lint.verify import repeated, tracing
from torchconv_lint.verify.graph import GraphWatch
from torchconv_lint.verify.observation import Observation, Wait
from torchconv_lint.verify.proof import MAPPING
from torchconv_lint.verify.values import describe, sharing
from torchconv_lint.verify.watch import Watch

_MODULE = "fixture_under_proof"
_SYNCHRONISES = "called a synchronizing CUDA operation"


@dataclass(frozen=True, slots=True)
class Job:
    """What to run, and where. `watch`: what to look at beside exceptions, warnings, waits and the value ("memory",
    "graph", "fresh memory", "race", "ratio"). `marks`: (line, name) of the findings. `twin`: to compare with."""

    path: str
    text: str
    function: str
    device: str
    watch: tuple[str, ...] = ()
    marks: tuple[tuple[int, str], ...] = ()
    twin: str = ""


def load_early(device: str) -> None:
    """In the process that forks: what each child would load or set up for itself, which takes longer than a fixture."""
    importlib.import_module("numpy.random")
    if device == "stand-in":
        with contextlib.suppress(AttributeError, ImportError):  # An old torch: the children will say so.
            importlib.import_module("torchconv_lint.verify.standin.program").install()


def _no_network(*_: Any) -> NoReturn:
    raise OSError("fixtures run without a network")


def _prepare() -> None:
    os.chdir(tempfile.mkdtemp(prefix="torchconv-lint-verify-"))
    repeated.seed()
    torch.set_warn_always(True)
    torch.set_num_threads(1)
    gc.freeze()  # Watching the graph needs many collections: they look at what the fixture made, not at all of torch.
    socket.socket.connect = _no_network  # type: ignore[method-assign]
    socket.getaddrinfo = _no_network  # type: ignore[assignment]


def _device(name: str) -> AbstractContextManager[Any]:
    if name == "stand-in":
        from torchconv_lint.verify.standin.program import Simulated

        return Simulated()
    if name == MAPPING:
        from torchconv_lint.verify.standin.mapped import Mapped

        return Mapped()
    return nullcontext()


class _Diary:
    """What happens on the way: warnings, and waits for the device."""

    def __init__(self, path: str) -> None:
        self.warnings: list[tuple[str, str, int]] = []
        self.waits: list[Wait] = []
        self._path = path

    def wait(self, what: str) -> None:
        """The stand-in says so."""
        self.waits.append(Wait(what, tracing.lines_in(self._path, sys._getframe())))

    def warn(self, message: Warning | str, category: type[Warning], *_: Any) -> None:
        """In the place of `warnings.showwarning`. CUDA's waits come as warnings, too."""
        lines = tracing.lines_in(self._path, sys._getframe())
        if _SYNCHRONISES in str(message):
            self.waits.append(Wait("synchronises", lines))
        else:
            self.warnings.append((category.__name__, str(message), lines[0] if lines else 0))

    def open(self, device: str, stack: ExitStack) -> None:
        """Listen until `stack` is closed."""
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("always")
        warnings.showwarning = self.warn  # type: ignore[assignment]
        if device == "stand-in":
            from torchconv_lint.verify.standin.device import on_wait

            on_wait.append(self.wait)
            stack.callback(on_wait.remove, self.wait)
        if device == "cuda":
            torch.cuda.set_sync_debug_mode("warn")
            stack.callback(torch.cuda.set_sync_debug_mode, "default")


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
            return Observation(seen.BROKEN, type(error).__name__, str(error))
        found = _observe(job, getattr(module, job.function))
        return _repeat(job, module, found) if found["outcome"] == seen.RETURNED else Observation(**found)


def _observe(job: Job, function: Any) -> dict[str, Any]:
    """The fields of an observation, as far as one run shows them."""
    diary = _Diary(job.path)
    memory = Watch(job.path, _MODULE, dict(job.marks)) if "memory" in job.watch else None
    graph = GraphWatch(job.path) if "graph" in job.watch else None
    tracers: list[tracing.Tracer] = [*([memory] if memory else []), *([graph.trace] if graph else [])]
    found: dict[str, Any] = {"outcome": seen.RETURNED}
    with ExitStack() as stack:
        diary.open(job.device, stack)
        if graph is not None:
            stack.enter_context(graph)
        try:
            tracing.start(tracers)
            value = function()
        except BaseException as error:
            tracing.stop()
            frames = traceback.extract_tb(error.__traceback__)
            # Compilers tell the line of code that they only read in the message.
            told = re.findall(rf'File "{re.escape(job.path)}", line (\d+)', str(error))
            lines = (*(frame.lineno or 0 for frame in frames if frame.filename == job.path), *map(int, told))
            found = {"outcome": seen.RAISED, "type": type(error).__name__, "text": str(error), "lines": lines}
            value = None
        finally:
            tracing.stop()
    if memory is not None:
        memory.finish()
        found |= {"writes": tuple(memory.writes), "drifted": tuple(sorted(memory.drifted))}
    if graph is not None:
        found["growing"] = tuple(graph.growing())
    found |= {"warnings": tuple(diary.warnings), "waits": tuple(diary.waits)}
    return found | {"value": describe(value), "shared": sharing(value)}


def _repeat(job: Job, module: types.ModuleType, found: dict[str, Any]) -> Observation:
    """Run again for what one run cannot show."""
    function, twin = getattr(module, job.function), getattr(module, job.twin or job.function)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if "fresh memory" in job.watch:
            found["unstable"] = repeated.depends_on_memory(function, job.device)
        if "race" in job.watch:
            found["race"] = repeated.race(function, twin, job.device)
        if "ratio" in job.watch:
            found["ratio"] = repeated.ratio(function, twin, job.device)
    return Observation(**found)


def job_from_json(data: dict[str, Any]) -> Job:
    """Inverse of `dataclasses.asdict` and `json.dumps`."""
    marks = tuple((line, name) for line, name in data.get("marks", ()))
    return Job(**{**data, "marks": marks, "watch": tuple(data.get("watch", ()))})


def main() -> None:
    """Read a job from standard input, write the observation to the file descriptor named on the command line."""
    job = job_from_json(json.load(sys.stdin))
    with os.fdopen(int(sys.argv[1]), "w") as out:
        out.write(json.dumps(run(job).to_json()) + "\n")


if __name__ == "__main__":
    main()
