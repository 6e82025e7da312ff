"""The command line: `torchconv-lint check`, `rules`, `explain`, `init`, `completion` and `verify`."""

from __future__ import annotations

import importlib
import io
import signal
import sys
from typing import Any, NoReturn

import click

from torchconv_lint import __version__

EXIT_INTERRUPTED = 128 + signal.SIGINT
EXIT_TERMINATED = 128 + signal.SIGTERM

_COMMANDS = {
    "check": ("commands.check", "check"),
    "rules": ("commands.rules", "rules"),
    "explain": ("commands.rules", "explain"),
    "init": ("commands.starting", "init"),
    "completion": ("commands.starting", "completion"),
    "verify": ("verify.command", "command"),
}


def main() -> None:
    """The console script. Exit status: 0 nothing found, 1 findings, 2 bad usage or a file that was not linted."""
    signal.signal(signal.SIGTERM, _terminate)
    cli(prog_name="torchconv-lint")


def _terminate(number: int, frame: object) -> NoReturn:
    # As an exception, so that worker processes are ended on the way out.
    raise SystemExit(EXIT_TERMINATED)


class _Group(click.Group):
    """Imports a command when it is asked for: the linter has no use for `verify`, nor `rules` for the linter."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(f"torchconv_lint.{module}"), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            # click's own answer would be 1, which means findings.
            sys.exit(EXIT_INTERRUPTED)


def _version(ctx: click.Context, param: click.Parameter, wanted: bool) -> None:
    """What a bug report needs. torch is not among it: what the linter says does not depend on the installed one."""
    if not wanted or ctx.resilient_parsing:
        return
    import platform
    from importlib import metadata

    parts = ", ".join(f"{name} {metadata.version(name)}" for name in ("libcst", "flake8"))
    click.echo(f"torchconv-lint {__version__} (Python {platform.python_version()}, {parts})")
    ctx.exit()


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show versions and exit."
)
def cli() -> None:
    """Find conversion pitfalls between PyTorch, NumPy and plain Python numbers before the code runs."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A file's name or line may hold what the terminal's encoding has not.
        sys.stdout.reconfigure(errors="backslashreplace")
