"""Lint one file several times, and print what it cost: a process of its own, so that memory can be told."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from torchconv_lint.config import Config
from torchconv_lint.shell.project import checker_for

# Everything that linting imports is imported for it.
_WARM_UP = b"import torch\n\n\ndef f():\n    x = torch.ones(3, device='cuda')\n    return x.numpy()\n"


def main(path: str, rounds: int) -> None:
    checker = checker_for(Config())
    data = Path(path).read_bytes()
    assert checker.check_bytes("warm.py", _WARM_UP).findings
    before = _megabytes()
    best = float("inf")
    for _ in range(rounds):
        started = time.process_time()
        checked = checker.check_bytes(path, data)
        best = min(best, time.process_time() - started)
    document = {
        "lines": data.count(b"\n"),
        "seconds": round(best, 4),
        "megabytes": round(_megabytes() - before, 1),
        "problems": len(checked.problems),
        "findings": len(checked.findings),
    }
    print(json.dumps(document))


def _megabytes() -> float:
    """The most memory that this process ever had."""
    kilobyte = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * kilobyte / 1e6


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
