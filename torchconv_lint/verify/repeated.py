"""What a single run cannot show: the function is run again, with other memory, many times, or beside its twin."""

from __future__ import annotations

import ctypes
import random
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from torchconv_lint.verify.observation import Race
from torchconv_lint.verify.values import describe

Program = Callable[[], Any]

_M_PERTURB = -6
_FILLS = (0x11, 0x77)
_RUNS = {"cuda": 200}
_RUNS_WITHOUT_CHANCE = 3  # The stand-in's copies are always as late as they may be: one run is like the other.
_ROUNDS = 30
_SECONDS = 8.0


def seed() -> None:
    """The same random numbers in every run."""
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


def depends_on_memory(function: Program, device: str) -> bool:
    """Whether the result differs when fresh memory holds something else before the function writes to it."""
    results = []
    for fill in _FILLS:
        seed()
        _fill_fresh_memory(fill, device)
        try:
            results.append(describe(function()))
        finally:
            _fill_fresh_memory(0, device)
    return bool(results[0] != results[1])


def _fill_fresh_memory(byte: int, device: str) -> None:
    """0: leave it as it is. On the host the C library can do it; on CUDA, PyTorch (with NaN, in the second run)."""
    if device == "cuda":
        torch.use_deterministic_algorithms(byte == _FILLS[1], warn_only=True)
    # A C library without it leaves memory alone: then nothing is shown, and the row fails.
    getattr(ctypes.CDLL(None), "mallopt", lambda *_: 0)(_M_PERTURB, byte)


def race(function: Program, right: Program, device: str) -> Race:
    """Run until the result is not what `right` returned, or often enough to give up."""
    seed()
    expected = describe(right())
    begin = time.monotonic()
    runs = 0
    while runs < _RUNS.get(device, _RUNS_WITHOUT_CHANCE) and time.monotonic() - begin < _SECONDS:
        seed()
        runs += 1
        if describe(function()) != expected:
            return Race(runs, True)
    return Race(runs, False)


def ratio(function: Program, twin: Program, device: str) -> float:
    """How many times as long as its twin the function takes: best of alternating runs in this one process."""
    best = [float("inf"), float("inf")]
    begin = time.monotonic()
    for number in range(_ROUNDS + 1):
        for index, program in enumerate((function, twin)):
            seed()
            start = time.perf_counter()
            program()
            if device == "cuda":
                torch.cuda.synchronize()
            if number:  # The first round loads and compiles.
                best[index] = min(best[index], time.perf_counter() - start)
        if number > 2 and time.monotonic() - begin > _SECONDS:
            break
    return best[0] / best[1]
