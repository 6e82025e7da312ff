"""The command line: `torchconv-lint check`, `rules`, `explain`, `init`, `completion` and `verify`."""

from __future__ import annotations

import io
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from torchconv_lint import __version__, config

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from click.shell_completion import CompletionItem

    from torchconv_lint.model import Problem
    from torchconv_lint.report.run import Run
    from torchconv_lint.shell.check import Checked, Checker
    from torchconv_lint.shell.fix import Fixer

_Function = TypeVar("_Function", bound="Callable[..., Any]")

EXIT_FINDINGS = 1
EXIT_TROUBLE = 2
EXIT_INTERRUPTED = 128 + signal.SIGINT
EXIT_TERMINATED = 128 + signal.SIGTERM

_STDIN = "-"
# The variable by which a shell asks for completions; the name is click's own for this program.
_COMPLETE = "_TORCHCONV_LINT_COMPLETE"
# Their code is in `report.formats`, which only a run that reports imports.
_FORMATS = ("text", "json", "sarif", "github", "gitlab", "junit")


def main() -> None:
    """The console script. Exit status: 0 nothing found, 1 findings, 2 bad usage or a file that was not linted."""
    signal.signal(signal.SIGTERM, _terminate)
    cli(prog_name="torchconv-lint")


def _terminate(number: int, frame: object) -> NoReturn:
    # As an exception, so that worker processes are ended on the way out.
    raise SystemExit(EXIT_TERMINATED)


class _Group(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), "verify"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name == "verify":
            # Imported here: it belongs to an extra, and linting has no use for it.
            from torchconv_lint.verify.command import command

            return command
        return super().get_command(ctx, cmd_name)

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


def _codes(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Comma-separated beginnings of codes; the option may be repeated."""
    try:
        return config.codes([part.strip() for value in values for part in value.split(",") if part.strip()])
    except config.ConfigError as error:
        raise click.BadParameter(str(error), ctx, param) from None


def _jobs(ctx: click.Context, param: click.Parameter, value: str) -> int | None:
    """A number of processes, None for "auto"."""
    if value == "auto":
        return None
    if not value.isdecimal() or int(value) < 1:
        raise click.BadParameter(f"{value!r} is neither a positive number nor 'auto'", ctx, param)
    return int(value)


def _complete_codes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from torchconv_lint.rules import all_rules

    # Several codes are separated by commas: the last one is being typed.
    before, comma, last = incomplete.rpartition(",")
    known = [rule for rule in all_rules() if rule.code.startswith(last.upper())]
    return [CompletionItem(before + comma + rule.code, help=rule.name) for rule in known]


def _codes_option(name: str, help: str) -> Callable[[_Function], _Function]:
    return click.option(
        name, multiple=True, callback=_codes, metavar="CODES", shell_complete=_complete_codes, help=help
    )


@cli.command()
@click.argument("paths", nargs=-1, type=click.Path())
@click.option("--format", "format_", type=click.Choice(_FORMATS), default="text", help="How to show findings.")
@click.option("-o", "--output", metavar="FILE", help="Write the report to this file.")
@click.option("--statistics", is_flag=True, help="Count the findings of each code, on standard error.")
@click.option("--baseline", metavar="FILE", help="Only findings that are not in this file count.")
@click.option("--write-baseline", is_flag=True, help="Write all findings into the baseline; exit status 0.")
@click.option("--fix", is_flag=True, help="Apply safe fixes; what is left is reported.")
@click.option("--unsafe-fixes", is_flag=True, help="With --fix or --diff: unsafe fixes, too.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, and write nothing.")
@_codes_option("--select", help="Show only these; ALL: every rule.")
@_codes_option("--extend-select", help="Show these, too.")
@_codes_option("--ignore", help="Do not show these.")
@_codes_option("--opt-in", help="Run these opt-in rules, too.")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Skip these in folders (as in a .gitignore).")
@click.option("--no-gitignore", is_flag=True, help="Lint what .gitignore files exclude, too.")
@click.option("--confidence", type=click.Choice(["possible", "likely", "certain"]), help="Least confidence shown.")
@click.option("--assume-device", type=click.Choice(["cpu"]), help="Nothing ever runs on an accelerator.")
@click.option("--no-sieve", is_flag=True, help="Analyse every function: slower, the same findings.")
@click.option("-j", "--jobs", default="auto", callback=_jobs, metavar="N", help="Number of processes, or auto.")
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
    options["named"] = paths
    run = _check(paths or (os.curdir,), project, options)
    for problem in run.problems:
        click.echo(_problem(problem), err=True)
    if options["diff"]:
        _show_diff(run)
    elif options["write_baseline"]:
        _write_baseline(project.baseline, run)
    else:
        if project.baseline is not None:
            run = _without_known(project.baseline, run)
        _report(run, options)
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
    from torchconv_lint.rules import all_rules

    for prefix in prefixes:
        if prefix != "ALL" and not any(rule.code.startswith(prefix) for rule in all_rules()):
            raise click.UsageError(f"no rule has a code that begins with {prefix}; see 'torchconv-lint rules'")


def _check(paths: Sequence[str], project: config.Config, options: dict[str, Any]) -> Run:
    from torchconv_lint.report.run import Run
    from torchconv_lint.shell.batch import automatic_jobs, check_all
    from torchconv_lint.shell.discovery import Discovery
    from torchconv_lint.shell.progress import Progress
    from torchconv_lint.shell.project import checker_for

    checker = _with_fixes(checker_for(project), options)
    excluding = ((project.root, project.exclude), (Path(), options["exclude"]))
    discovery = Discovery(excluding, gitignore=not options["no_gitignore"])
    files = discovery.files(path for path in paths if path != _STDIN)
    checked: list[Checked] = []
    if _STDIN in paths:
        checked.append(_check_stdin(checker, options))
    with Progress(len(files)) as progress:
        checked += check_all(files, checker, options["jobs"] or automatic_jobs(len(files)), progress.advance)
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


def _show_diff(run: Run) -> None:
    sys.stdout.flush()
    for one in run.checked:
        sys.stdout.buffer.write(one.diff.encode("utf-8", "surrogateescape"))
    sys.stdout.buffer.flush()
    changed = [one for one in run.checked if one.diff]
    count = sum(one.fixed for one in changed)
    click.echo(f"would fix {_counted(count, 'finding')} in {_counted(len(changed), 'file')}", err=True)


def _write_baseline(path: str | None, run: Run) -> None:
    from torchconv_lint.shell.baseline import Baseline

    if path is None:
        raise click.UsageError("--write-baseline needs a file: name it with --baseline or in pyproject.toml")
    _write(path, Baseline(path).content(run.checked))
    click.echo(f"{_counted(sum(1 for _ in run.findings()), 'finding')} written to {path}", err=True)


def _without_known(path: str, run: Run) -> Run:
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


def _report(run: Run, options: dict[str, Any]) -> None:
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
        click.echo(text, nl=False, color=color, err=options["fix"] and _STDIN in options["named"])
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


def _problem(problem: Problem) -> str:
    from torchconv_lint.report.printable import printable

    return printable(f"{problem.path}:{problem.line}:{problem.column}: {problem.message}")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


@cli.command()
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", help="How rules are shown.")
def rules(format_: str) -> None:
    """List the rules."""
    from torchconv_lint.rules import all_rules
    from torchconv_lint.rules.pages import summary

    known = all_rules()
    if format_ == "json":
        import json

        rows = [
            {"code": rule.code, "name": rule.name, "default": rule.default, "summary": summary(rule)} for rule in known
        ]
        click.echo(json.dumps(rows, indent=2))
        return
    width = max((len(rule.name) for rule in known), default=0)
    for rule in known:
        opt_in = "" if rule.default else " (opt-in)"
        click.echo(f"{rule.code}  {rule.name:{width}}  {summary(rule)}{opt_in}")


@cli.command()
@click.argument("code", shell_complete=_complete_codes)
def explain(code: str) -> None:
    """Show the page of a rule, named by its code or its name."""
    from torchconv_lint.rules import all_rules
    from torchconv_lint.rules.pages import markdown, nearest

    for rule in all_rules():
        if code.lower() in (rule.code.lower(), rule.name):
            break
    else:
        near = nearest(code)
        hint = f"did you mean {near}?" if near else "see 'torchconv-lint rules'"
        raise click.UsageError(f"there is no rule {code!r}; {hint}")
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        from rich.console import Console
        from rich.markdown import Markdown

        Console().print(Markdown(markdown(rule)))
    else:
        click.echo(markdown(rule))


@cli.command()
def init() -> None:
    """Write a first configuration into this folder's pyproject.toml. Nothing that is there is changed."""
    from torchconv_lint.shell.starting import CannotStart, about_flake8, write_configuration

    try:
        path = write_configuration(Path())
    except (CannotStart, config.ConfigError) as error:
        raise click.UsageError(str(error)) from None
    except OSError as error:
        raise click.UsageError(f"pyproject.toml: {error.strerror}") from None
    click.echo(f"{path}: [tool.{config.TABLE}] is written")
    click.echo(about_flake8(Path()))
    click.echo("next: torchconv-lint check")


@cli.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print a script that makes the shell complete our options, commands and codes.

    In ~/.bashrc: eval "$(torchconv-lint completion bash)", with zsh in ~/.zshrc; in fish's config.fish: torchconv-lint
    completion fish | source.
    """
    from click.shell_completion import get_completion_class

    complete = get_completion_class(shell)
    assert complete is not None, shell
    click.echo(complete(cli, {}, "torchconv-lint", _COMPLETE).source())
