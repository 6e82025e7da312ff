"""The commands whose cost is compared, each in a virtual environment of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import environments
from bench.cpu_time import Cost, cost, total
from bench.environments import Environment

PLAIN = "flake8"
PLUGIN = "flake8 + torchconv_lint"
PLUGIN_WARM = "flake8 + torchconv_lint, nothing changed"
CHECK = "torchconv-lint check, cold"
CHECK_2 = "torchconv-lint check -j2, cold"
WARM = "torchconv-lint check, warm"
TORCHFIX = "flake8 + TorchFix"
PREFLIGHT = "torch-preflight"
RUFF = "ruff, all rules"
PLAIN_STDIN = "flake8 on stdin"
PLUGIN_STDIN = "flake8 + torchconv_lint on stdin"

# Pinned, so that a result can be had again. TorchFix needs an old libcst: it gets it in its own environment.
_TORCHFIX = "torchfix==0.7.0"
_PREFLIGHT = "torch-preflight==0.5.0"
_RUFF = "ruff==0.15.2"
_ANEW = "--torchconv-no-cache"


@dataclass(frozen=True)
class Contender:
    """A command by its name: `command` for these files, `before` what is run first and not measured, `stdin` whether
    the files are not named but read, each by a process of its own."""

    name: str
    command: Callable[[Sequence[str]], list[str]]
    before: Callable[[Sequence[str]], list[str]] | None = None
    stdin: bool = False

    def run(self, files: Sequence[str], folder: Path) -> Cost:
        """What it costs on these files of the folder. Raises `CommandFailed`."""
        if self.before is not None:
            cost(self.before(files), folder)
        if self.stdin:
            return total([cost(self.command(files), folder, stdin=folder / file) for file in files])
        return cost(self.command(files), folder)


def ours(*, parallel: bool) -> list[Contender]:
    """flake8 alone, flake8 with the plugin, and the command line."""
    plain, plugin = environments.plain(), environments.with_plugin()
    check = _program(plugin, "torchconv-lint", "check", "-j1")
    two = _program(plugin, "torchconv-lint", "check", "-j2", "--no-cache")
    contenders = [
        Contender(PLAIN, _flake8(plain)),
        Contender(PLUGIN, _flake8(plugin, _ANEW)),
        Contender(CHECK, lambda files: check(["--no-cache", *files])),
    ]
    if parallel:
        warm = _flake8(plugin, "--torchconv-cache-dir=.torchconv_lint_cache")
        contenders += [Contender(PLUGIN_WARM, warm, before=warm)]
        contenders += [Contender(CHECK_2, two), Contender(WARM, check, before=check)]
    return contenders


def on_stdin() -> list[Contender]:
    """What an editor runs."""
    plain, plugin = environments.plain(), environments.with_plugin()
    return [
        Contender(PLAIN_STDIN, lambda files: _flake8(plain)(["-"]), stdin=True),
        Contender(PLUGIN_STDIN, lambda files: _flake8(plugin, _ANEW)(["-"]), stdin=True),
    ]


def rivals() -> list[Contender]:
    """Other linters, as their users run them."""
    torchfix, preflight, ruff = (environments.with_requirement(name) for name in (_TORCHFIX, _PREFLIGHT, _RUFF))
    return [
        Contender(TORCHFIX, _flake8(torchfix)),
        Contender(PREFLIGHT, _program(preflight, "torch-preflight", "check")),
        Contender(RUFF, _program(ruff, "ruff", "check", "--isolated", "--no-cache", "--select=ALL", "--quiet")),
    ]


def _flake8(environment: Environment, *arguments: str) -> Callable[[Sequence[str]], list[str]]:
    return lambda files: [environment.python, "-m", "flake8", "--isolated", "-j1", *arguments, *files]


def _program(environment: Environment, name: str, *arguments: str) -> Callable[[Sequence[str]], list[str]]:
    program = str(Path(environment.python).with_name(name))
    return lambda files: [program, *arguments, *files]
