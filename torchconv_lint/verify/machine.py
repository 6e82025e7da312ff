"""What this machine has: versions, devices, libraries. Asked once, in a process of its own where torch is concerned."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import Any

_ASK = """
import json, torch
gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else ""
standin = hasattr(torch._C, "_acc") and hasattr(torch._C._acc, "create_empty_tensor")
print(json.dumps([torch.__version__, gpu, torch.version.cuda or "", standin]))
"""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where fixtures are run. `gpu` is "" without one; `torch` is "" where it is not installed."""

    torch: str
    numpy: str
    python: str
    system: str
    gpu: str = ""
    cuda: str = ""
    standin: bool = False

    def lacks(self, device: str) -> str:
        """Why nothing can be run on `device` here, "" if it can."""
        if not self.torch:
            return "torch is not installed (pip install 'torchconv-lint[verify]')"
        if device == "cuda" and not self.gpu:
            return "no CUDA device here"
        if device == "stand-in" and not self.standin:
            return f"the stand-in needs torch 2.9 or later (here: {self.torch})"
        return ""

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return asdict(self)


def version_of(distribution: str) -> str:
    """The installed version, "" if it is not installed."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


def this_machine() -> Machine:
    """Ask torch, in a process of its own: the parent stays without it."""
    torch, gpu, cuda, standin = "", "", "", False
    if version_of("torch"):
        answer = subprocess.run([sys.executable, "-c", _ASK], capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            torch, gpu, cuda, standin = json.loads(answer.stdout.splitlines()[-1])
    system = f"{platform.system()} {platform.machine()}"
    return Machine(torch, version_of("numpy"), platform.python_version(), system, gpu, cuda, standin)
