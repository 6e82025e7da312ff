"""The pinned packages: downloaded, unpacked, and their Python files listed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from bench import terminal

HERE = Path(__file__).parent
PINS = HERE / "packages.txt"
CACHE = HERE / ".cache"

_IMPORTS_TORCH = re.compile(rb"^[ \t]*(?:import|from)[ \t]+torch\b", re.MULTILINE)


@dataclass(frozen=True)
class Package:
    """One unpacked package."""

    name: str
    version: str
    folder: Path

    def python_files(self) -> list[Path]:
        """Its Python files, sorted. A `build/lib` that slipped into a wheel is a second copy of the package."""
        double = self.folder / "build" / "lib"
        return sorted(path for path in self.folder.rglob("*.py") if path.is_file() and double not in path.parents)


def imports_torch(data: bytes) -> bool:
    """Whether a file has an import of torch or of one of its submodules."""
    return bool(_IMPORTS_TORCH.search(data))


_TENSOR_WORDS = re.compile(
    rb"torch|lightning|timm|kornia|transformers|accelerate|diffusers|\.(?:cpu|cuda|detach|state_dict)\(", re.IGNORECASE
)


def mentions_torch(data: bytes) -> bool:
    """Whether torch, a library that hands out its tensors, or a method of theirs occurs at all, strings included."""
    return _TENSOR_WORDS.search(data) is not None


def read_pins(path: Path = PINS) -> dict[str, str]:
    """Package name to exact version."""
    pins: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.partition("#")[0].strip()
        if text:
            requirement = Requirement(text)
            (specifier,) = requirement.specifier
            if specifier.operator != "==":
                raise ValueError(f"{path.name}: {text!r} pins no exact version")
            pins[canonicalize_name(requirement.name)] = specifier.version
    return pins


def packages(only: list[str] | None = None) -> list[Package]:
    """The pinned packages, downloaded and unpacked where they are not in the cache yet."""
    pins = read_pins()
    names = [canonicalize_name(name) for name in only] if only else list(pins)
    unknown = [name for name in names if name not in pins]
    if unknown:
        raise SystemExit(f"not in {PINS.name}: {', '.join(unknown)}")
    return [_unpacked(name, pins[name]) for name in names]


def _unpacked(name: str, version: str) -> Package:
    folder = CACHE / "packages" / f"{name}-{version}"
    if not folder.is_dir():
        wheel = _wheel(name, version)
        terminal.say(f"unpacking {wheel.name}")
        partial = folder.with_name(folder.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(partial)
        partial.rename(folder)
    return Package(name, version, folder)


def _wheel(name: str, version: str) -> Path:
    wheels = CACHE / "wheels"
    wheels.mkdir(parents=True, exist_ok=True)
    found = _find_wheel(wheels, name, version)
    if found is None:
        terminal.say(f"downloading {name} {version}")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        command += ["--no-deps", "--only-binary=:all:", "--dest", str(wheels), f"{name}=={version}"]
        subprocess.run(command, check=True)
        found = _find_wheel(wheels, name, version)
    if found is None:
        raise SystemExit(f"pip downloaded no wheel for {name} {version}")
    return found


def _find_wheel(wheels: Path, name: str, version: str) -> Path | None:
    for path in sorted(wheels.glob("*.whl")):
        wheel_name, wheel_version, _, _ = parse_wheel_filename(path.name)
        if wheel_name == name and str(wheel_version) == version:
            return path
    return None
