"""`torchconv-lint check`."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from torchconv_lint import config
from torchconv_lint.commands.codes import codes_option
from torchconv_lint.commands.output import STDIN, problem_line, report, show_diff, without_known, write_baseline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchconv_lint.report.run import Run
    from torchconv_lint.shell.check import Checker
    from torchconv_lint.shell.checked import Checked
    from torchconv_lint.shell.fix import Fixer
    from torchconv_lint.shell.shard import Shard

EXIT_FINDINGS = 1
EXIT_TROUBLE = 2

# Their code is in `report.formats`, which only a run that reports imports.
_FORMATS = ("text", "json", "sarif", "github", "gitlab", "junit")


def _jobs(ctx: click.Context, param: click.Parameter, value: str) -> int | None:
    """A number of processes, None for "auto"."""
    if value == "auto":
        return None
    if not value.isdecimal() or int(value) < 1:
        raise click.BadParameter(f"{value!r} is neither a positive number nor 'auto'", ctx, param)
    return int(value)


def _shard(ctx: click.Context, param: click.Parameter, value: str | None) -> Shard | None:
    """One part of so many."""
    if value is None:
        return None
    from torchconv_lint.shell.shard import Shard

    try:
        return Shard.from_text(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None


@click.command()
@click.argument("paths", nargs=-1, type=click.Path())
@click.option("--format", "format_", type=click.Choice(_FORMATS), default="text", help="How to show findings.")
@click.option("-o", "--output", metavar="FILE", help="Write the report to this file.")
@click.option("--statistics", is_flag=True, help="Count the findings of each code, on standard error.")
@click.option("--baseline", metavar="FILE", help="Only findings that are not in this file count.")
@click.option("--write-baseline", is_flag=True, help="Write all findings into the baseline; exit status 0.")
@click.option("--fix", is_flag=True, help="Apply safe fixes; what is left is reported.")
@click.option("--unsafe-fixes", is_flag=True, help="With --fix or --diff: unsafe fixes, too.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, and write nothing.")
@codes_option("--select", help="Show only these; ALL: every rule.")
@codes_option("--extend-select", help="Show these, too.")
@codes_option("--ignore", help="Do not show these.")
@codes_option("--opt-in", groups=True, help="Run these, too: opt-in rules, strict or performance.")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Skip these in folders (as in a .gitignore).")
@click.option("--no-gitignore", is_flag=True, help="Lint what .gitignore files exclude, too.")
@click.option("--confidence", type=click.Choice(["possible", "likely", "certain"]), help="Least confidence shown.")
@click.option("--assume-device", type=click.Choice(["cpu"]), help="Nothing ever runs on an accelerator.")
@click.option("--target-torch", metavar="RELEASE", help="Oldest torch that the code has to run with, such as 2.1.")
@click.option("--target-numpy", metavar="RELEASE", help="Oldest NumPy that the code has to run with, such as 1.26.")
@click.option("--no-sieve", is_flag=True, help="Analyse every function: slower, the same findings.")
@click.option("-j", "--jobs", default="auto", callback=_jobs, metavar="N", help="Number of processes, or auto.")
@click.option("--shard", callback=_shard, metavar="I/N", help="Only the I-th of N equal parts of the files.")
@click.option("--no-cache", is_flag=True, help="Lint files that have not changed, too, and remember nothing.")
@click.option("--cache-dir", metavar="FOLDER", help="Where to remember results [.torchconv_lint_cache].")
@click.option("--stdin-display-name", default="stdin", metavar="NAME", help="What to call the file read from '-'.")
@click.option("--config", "config_file", metavar="FILE", help="Read [tool.torchconv_lint] from this file.")
def check(paths: tuple[str, ...], **options: Any) -> None:
    """Lint Python files and folders ('-': standard input; nothing named: this folder).

    Exit status: 0 nothing found (--fix: nothing left; --diff: nothing to change), 1 findings, 2 bad usage or a file
    that could not be read or parsed.
    """
    if options["diff"] and (options["fix"] or options["write_baseline"]):
        raise click.UsageError("--diff writes nothing: it goes neither with --fix nor with --write-baseline")
    project = _project(options)
    if options["shard"] and STDIN in paths:
        raise click.UsageError("standard input is one file: it has no shards")
    options["named"] = paths
    run = _check(paths or (os.curdir,), project, options)
    for problem in run.problems:
        click.echo(problem_line(problem), err=True)
    if options["diff"]:
        show_diff(run)
    elif options["write_baseline"]:
        write_baseline(project.baseline, run)
    else:
        if project.baseline is not None:
            run = without_known(project.baseline, run)
        report(run, options)
    if run.problems:
        sys.exit(EXIT_TROUBLE)
    if any(one.diff for one in run.checked) if options["diff"] else any(run.findings()):
        sys.exit(0 if options["write_baseline"] else EXIT_FINDINGS)


def _project(options: dict[str, Any]) -> config.Config:
    """The project's configuration, overridden by the options."""
    try:
        project = config.find_config(Path(), options["config_file"])
    except config.ConfigError as error:
        raise click.UsageError(str(error)) from None
    settings = replace(project.settings, sieve=not options["no_sieve"])
    if options["confidence"] is not None:
        settings = replace(settings, confidence=config.confidence(options["confidence"]))
    if options["assume_device"] is not None:
        settings = replace(settings, assume_device=options["assume_device"])
    try:
        if options["target_torch"] is not None:
            settings = replace(settings, target_torch=config.release(options["target_torch"]))
        if options["target_numpy"] is not None:
            settings = replace(settings, target_numpy=config.release(options["target_numpy"]))
    except config.ConfigError as error:
        raise click.UsageError(str(error)) from None
    if options["opt_in"]:
        settings = replace(settings, opt_in=options["opt_in"])
    project = replace(
        project,
        settings=settings,
        select=options["select"] or project.select,
        extend_select=project.extend_select + options["extend_select"],
        ignore=options["ignore"] or project.ignore,
        baseline=options["baseline"] or project.baseline,
    )
    _must_exist((*project.select, *project.extend_select, *project.ignore, *settings.opt_in))
    return project


def _must_exist(prefixes: Sequence[str]) -> None:
    """A misspelt code must not pass for "nothing found"."""
    if not any(prefixes):
        return
    from torchconv_lint.rules import all_rules

    for prefix in prefixes:
        if not any(rule.answers_to(prefix) for rule in all_rules()):
            raise click.UsageError(f"no rule has a code that begins with {prefix}; see 'torchconv-lint rules'")


def _check(paths: Sequence[str], project: config.Config, options: dict[str, Any]) -> Run:
    from torchconv_lint.report.run import Run
    from torchconv_lint.shell.batch import check_all
    from torchconv_lint.shell.discovery import Discovery
    from torchconv_lint.shell.memory import FOLDER, remembering
    from torchconv_lint.shell.progress import Progress
    from torchconv_lint.shell.project import checker_for

    plain = checker_for(project)
    checker = _with_fixes(plain, options)
    excluding = ((project.root, project.exclude), (Path(), options["exclude"]))
    discovery = Discovery(excluding, gitignore=not options["no_gitignore"])
    files = discovery.files(path for path in paths if path != STDIN)
    checked: list[Checked] = []
    if STDIN in paths:
        checked.append(_check_stdin(checker, options))
    if options["shard"] is not None:
        files = options["shard"].of(files)
    folder = options["cache_dir"] or os.path.join(project.root, FOLDER) if files and not options["no_cache"] else None
    with Progress(len(files)) as progress, remembering(folder, plain) as memory:
        checked += check_all(files, checker, jobs=options["jobs"], memory=memory, done=progress.advance)
    problems = (*discovery.problems, *(problem for one in checked for problem in one.problems))
    return Run(tuple(checked), problems)


def _with_fixes(checker: Checker, options: dict[str, Any]) -> Checker | Fixer:
    if not (options["fix"] or options["diff"]):
        return checker
    from torchconv_lint.shell.fix import ALL, SAFE, Fixer

    return Fixer(checker, ALL if options["unsafe_fixes"] else SAFE, write=options["fix"])


def _check_stdin(checker: Checker | Fixer, options: dict[str, Any]) -> Checked:
    """Standard input; with --fix, the fixed text is the output, and the report goes where it does not disturb it."""
    name, data = options["stdin_display_name"], sys.stdin.buffer.read()
    checked, after = checker.fix_bytes(name, data)
    if options["fix"]:
        sys.stdout.buffer.write(data if after is None else after)
        sys.stdout.buffer.flush()
    return checked
