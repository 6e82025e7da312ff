"""`torchconv-lint verify`: execute fixtures and compare what happens with what the linter says."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import click

from torchconv_lint.verify.proof import DEVICES, MAPPING

_FIXTURES = Path("fixtures")


@click.command("verify")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--device", "devices", multiple=True, type=click.Choice((*DEVICES, MAPPING)), help="Where to run (repeatable)."
)
@click.option("--format", "output", type=click.Choice(("text", "json")), default="text", show_default=True)
@click.option("--record", is_flag=True, help="Write what was observed as evidence (with PATHS: of them only).")
@click.option(
    "--evidence",
    type=click.Path(path_type=Path),
    help="Folder of evidence files [evidence, in or above the first of PATHS].",
)
@click.option("-j", "--jobs", type=click.IntRange(1), default=os.cpu_count() or 1, help="Processes at a time.")
@click.option("--timeout", type=click.FloatRange(0.1), default=60.0, show_default=True, help="Seconds per function.")
def command(
    paths: tuple[Path, ...],
    devices: tuple[str, ...],
    output: str,
    record: bool,
    evidence: Path | None,
    jobs: int,
    timeout: float,
) -> None:
    """Execute the fixtures in PATHS (default: ./fixtures): does the hazard happen, and only the hazard?

    Without --device: cpu, stand-in (an accelerator simulated on the CPU) and cuda where there is one; elsewhere what
    committed evidence says about CUDA is shown. With a torch that is too old for the stand-in, the errors that it
    would show are shown on PyTorch's meta device. Exit code: 0 everything shows what it declares, 1 something does
    not, or nothing could be executed, 2 usage.

    A fixture belongs to the rule that its folder is named after, or to the only one that is expected in it.
    """
    from torchconv_lint.verify.session import Request, verify

    complete = not paths
    if complete and not _FIXTURES.is_dir():
        raise click.UsageError("no folder ./fixtures here: name the fixtures to verify")
    chosen = paths or (_FIXTURES,)
    wanted = devices or DEVICES
    folder = evidence or _evidence_of(chosen[0])
    request = Request(chosen, wanted, folder, jobs, timeout, complete, record)
    result = verify(request, _progress if output == "text" and sys.stderr.isatty() else _quiet)
    if output == "json":
        click.echo(json.dumps(result.to_json(), indent=1, ensure_ascii=False))
    else:
        from rich.console import Console

        from torchconv_lint.verify.matrix import show

        show(result, (*wanted, *(result.devices - set(wanted))), Console(highlight=False))
    sys.exit(1 if result.failures() else 0)


def _evidence_of(path: Path) -> Path:
    """The folder `evidence` nearest to the fixtures, or the one to be made beside them."""
    start = path if path.is_dir() else path.parent
    near = (folder / "evidence" for folder in (start, *start.resolve().parents[:2]))
    return next((folder for folder in near if folder.is_dir()), start / "evidence")


def _quiet(what: str, number: int) -> Callable[[], None]:
    return lambda: None


def _progress(what: str, number: int) -> Callable[[], None]:
    done = 0

    def tick() -> None:
        nonlocal done
        done += 1
        click.echo(f"\r{what}: {done} of {number} functions\x1b[K", err=True, nl=done == number)

    return tick
