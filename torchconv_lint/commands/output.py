"""What `torchconv-lint check` writes: reports, differences, baselines, and a summary on standard error."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from torchconv_lint.model import Problem
    from torchconv_lint.report.run import Run

# The name of standard input among the paths.
STDIN = "-"


def show_diff(run: Run) -> None:
    """What --fix would change, as the files have it, and how much that is."""
    sys.stdout.flush()
    for one in run.checked:
        sys.stdout.buffer.write(one.diff.encode("utf-8", "surrogateescape"))
    sys.stdout.buffer.flush()
    changed = [one for one in run.checked if one.diff]
    count = sum(one.fixed for one in changed)
    click.echo(f"would fix {_counted(count, 'finding')} in {_counted(len(changed), 'file')}", err=True)


def write_baseline(path: str | None, run: Run) -> None:
    """Make all findings of this run known ones."""
    from torchconv_lint.shell.baseline import Baseline

    if path is None:
        raise click.UsageError("--write-baseline needs a file: name it with --baseline or in pyproject.toml")
    _write(path, Baseline(path).content(run.checked))
    click.echo(f"{_counted(sum(1 for _ in run.findings()), 'finding')} written to {path}", err=True)


def without_known(path: str, run: Run) -> Run:
    """The run with its new findings only; what became of the known ones is said on standard error."""
    from torchconv_lint.shell.baseline import Baseline, BaselineError

    try:
        compared = Baseline(path).compare(run.checked)
    except BaselineError as error:
        raise click.UsageError(f"{error}; --write-baseline makes one") from None
    if compared.known:
        click.echo(f"{_counted(compared.known, 'known finding')} left out ({path})", err=True)
    if compared.gone:
        click.echo(f"{compared.gone} of the baseline are gone: --write-baseline forgets them", err=True)
    return replace(run, checked=compared.checked)


def report(run: Run, options: dict[str, Any]) -> None:
    """The report that the options ask for, where they want it, and the summary on standard error."""
    output = options["output"]
    if options["format_"] == "text":
        from torchconv_lint.report.text import render_text

        text = "".join(render_text(one) + "\n" for one in run.checked if one.findings)
    else:
        from torchconv_lint.report.formats import FORMATS

        text = FORMATS[options["format_"]](run)
    if text and not text.endswith("\n"):
        text += "\n"
    if output is not None:
        _write(output, click.unstyle(text).encode("utf-8", "backslashreplace"))
    else:
        # click drops colours by itself where there is no terminal.
        color = False if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" else None
        click.echo(text, nl=False, color=color, err=options["fix"] and STDIN in options["named"])
    if options["statistics"]:
        from torchconv_lint.report.statistics import render_statistics

        click.echo(render_statistics(run), err=True)
    if options["format_"] == "text" or output is not None:
        count = sum(1 for _ in run.findings())
        files = sum(1 for one in run.checked if one.findings)
        places = f"{files} of {_counted(len(run.checked), 'file')}"
        click.echo(f"{_counted(count, 'finding')} in {places}{_about_fixes(run, options)}", err=True)


def _about_fixes(run: Run, options: dict[str, Any]) -> str:
    """What was fixed, or can be."""
    from torchconv_lint.model import Safety

    parts = []
    if fixed := sum(one.fixed for one in run.checked):
        parts.append(f"{fixed} fixed")
    safeties = [finding.fix.safety for finding in run.findings() if finding.fix is not None]
    if safe := safeties.count(Safety.SAFE):
        parts.append(f"{safe} fixable with --fix")
    if unsafe := safeties.count(Safety.UNSAFE):
        parts.append(f"{unsafe} with --fix --unsafe-fixes")
    return f" ({', '.join(parts)})" if parts else ""


def _write(path: str, data: bytes) -> None:
    from torchconv_lint.shell.writing import write_atomically

    try:
        write_atomically(path, data)
    except OSError as error:
        raise click.UsageError(f"{path}: cannot be written: {error.strerror}") from None


def problem_line(problem: Problem) -> str:
    """A problem as one line of text."""
    from torchconv_lint.report.place import place_of
    from torchconv_lint.report.printable import printable

    return printable(f"{place_of(problem.path, problem)}: {problem.message}")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
