"""Virtual environments for timing: flake8 alone, and the same flake8 with one plugin more.

A plugin that is only disabled is still found and imported, so "without" means: not installed.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bench import terminal
from bench.corpus import CACHE

ROOT = Path(__file__).parent.parent

#: Taken in the versions of the running environment, the same in every environment that is compared.
_FLAKE8 = ("flake8", "pycodestyle", "pyflakes", "mccabe")
_OURS = ("libcst",)


@dataclass(frozen=True)
class Environment:
    """A ready virtual environment."""

    folder: Path

    @property
    def python(self) -> str:
        """Its interpreter."""
        return str(self.folder / ("Scripts" if sys.platform == "win32" else "bin") / "python")

    def pip_install(self, *arguments: str) -> None:
        """Install with pip, byte-compiled, without looking at what is installed elsewhere."""
        command = [self.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
        subprocess.run(command, check=True)


@functools.cache
def plain() -> Environment:
    """flake8 and nothing else."""
    return _environment("plain", _pinned(_FLAKE8))


@functools.cache
def with_plugin() -> Environment:
    """flake8 and torchconv_lint, installed afresh from this working tree."""
    environment = _environment("plugin", _pinned((*_FLAKE8, *_OURS)))
    terminal.say("installing torchconv_lint from the working tree")
    with tempfile.TemporaryDirectory() as folder:
        # From a copy: building in place would leave its traces in the tree.
        _copy_project(Path(folder))
        # Whatever else the project depends on comes with the first install; the second replaces an older build.
        environment.pip_install(folder)
        environment.pip_install("--no-deps", "--force-reinstall", folder)
    return environment


def with_requirement(requirement: str) -> Environment:
    """Another linter, pinned; where it is a plugin of flake8, with the same flake8."""
    return _environment(requirement.replace("==", "-"), [*_pinned(_FLAKE8), requirement])


def _environment(name: str, requirements: list[str]) -> Environment:
    environment = Environment(CACHE / "environments" / name)
    if not Path(environment.python).exists():
        terminal.say(f"creating the environment {name!r}")
        venv.create(environment.folder, with_pip=True, clear=True)
    environment.pip_install(*requirements)
    return environment


def _pinned(names: tuple[str, ...]) -> list[str]:
    return [f"{name}=={version(name)}" for name in names]


def _copy_project(target: Path) -> None:
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "torchconv_lint", target / "torchconv_lint", ignore=ignore)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        if (ROOT / name).exists():
            shutil.copy2(ROOT / name, target / name)
