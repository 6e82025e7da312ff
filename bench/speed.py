"""What the plugin adds to flake8: `python -m bench.speed`. User CPU, side by side, several rounds, medians."""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from bench import environments, terminal
from bench.corpus import Package, imports_torch, mentions_torch, packages
from bench.cpu_time import CommandFailed, user_seconds
from bench.timing import Comparison, spread_sample

RESULT_FILE = Path(__file__).parent / "results" / "speed.json"

PLAIN, PLUGIN, CHECK, OTHER = "flake8", "flake8 + torchconv_lint", "torchconv-lint check", "flake8 + "


@dataclass
class Corpus:
    """Files to be linted together, and the most that flake8 with the plugin may cost, as a multiple of flake8 alone."""

    name: str
    target: float
    files: list[str]
    lines: int
    seconds: dict[str, list[float]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def comparison(self, contender: str = PLUGIN) -> Comparison | None:
        """The contender against flake8 alone, if both ran."""
        if self.failures.keys() & {PLAIN, contender} or contender not in self.seconds:
            return None
        return Comparison(self.seconds[PLAIN], self.seconds[contender])


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0: measured and within the targets; 1 otherwise."""
    arguments = _parse(argv)
    contenders = _contenders(arguments)
    with tempfile.TemporaryDirectory() as folder:
        corpora = _corpora(packages(), Path(folder), arguments.files)
        for number in range(1, arguments.rounds + 1):
            for corpus in corpora:
                terminal.say(f"round {number}/{arguments.rounds}: {corpus.name} ({len(corpus.files)} files)")
                _round(corpus, contenders, Path(folder), backwards=number % 2 == 0)
    _print(corpora, list(contenders))
    if arguments.save:
        RESULT_FILE.parent.mkdir(exist_ok=True)
        RESULT_FILE.write_text(json.dumps(_as_json(corpora, arguments.rounds), indent=1) + "\n", encoding="utf-8")
        terminal.say(f"written: {RESULT_FILE}")
    comparisons = [(corpus, corpus.comparison()) for corpus in corpora]
    return int(any(found is None or found.ratio > corpus.target for corpus, found in comparisons))


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.speed", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each is run (default: 5)")
    parser.add_argument("--files", type=int, metavar="N", help="an evenly spread sample of N files (default: all)")
    parser.add_argument("--other", metavar="NAME==VERSION", help="another flake8 plugin to measure beside ours")
    parser.add_argument("--save", action="store_true", help="record the result in bench/results/speed.json")
    return parser.parse_args(argv)


def _contenders(arguments: argparse.Namespace) -> dict[str, Callable[[Sequence[str]], list[str]]]:
    plain, plugin = environments.plain(), environments.with_plugin()
    contenders = {PLAIN: _flake8(plain), PLUGIN: _flake8(plugin), CHECK: _check(plugin)}
    if arguments.other:
        contenders[OTHER + arguments.other] = _flake8(environments.with_other_plugin(arguments.other))
    return contenders


def _flake8(environment: environments.Environment) -> Callable[[Sequence[str]], list[str]]:
    return lambda files: [environment.python, "-m", "flake8", "--isolated", "-j1", *files]


def _check(environment: environments.Environment) -> Callable[[Sequence[str]], list[str]]:
    program = str(Path(environment.python).with_name("torchconv-lint"))
    return lambda files: [program, "check", "-j", "1", *files]


def _corpora(unpacked: Sequence[Package], folder: Path, wanted: int | None) -> list[Corpus]:
    """Copy the packages, so that no configuration and no ignore file around the cache has a say."""
    with_torch: list[tuple[str, int]] = []
    without: list[tuple[str, int]] = []
    for package in unpacked:
        for path in package.python_files():
            data = path.read_bytes()
            name = f"{package.name}/{path.relative_to(package.folder).as_posix()}"
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folder / name)
            if imports_torch(data):
                with_torch.append((name, data.count(b"\n")))
            elif data.strip() and not mentions_torch(data):
                without.append((name, data.count(b"\n")))
    return [
        _corpus("files that import torch", 1.35, with_torch, wanted),
        _corpus("files without torch", 1.02, without, wanted),
    ]


def _corpus(name: str, target: float, files: Sequence[tuple[str, int]], wanted: int | None) -> Corpus:
    sample = [files[index] for index in spread_sample(len(files), wanted)]
    return Corpus(name, target, [path for path, _ in sample], sum(lines for _, lines in sample))


def _round(
    corpus: Corpus, contenders: Mapping[str, Callable[[Sequence[str]], list[str]]], folder: Path, *, backwards: bool
) -> None:
    """Run every contender once; the order turns from round to round, so that a drift of the machine hits all."""
    names = list(contenders)
    for name in reversed(names) if backwards else names:
        if name in corpus.failures:
            continue
        try:
            seconds = user_seconds(contenders[name](corpus.files), folder)
        except (CommandFailed, OSError) as error:
            corpus.failures[name] = str(error)
            continue
        corpus.seconds.setdefault(name, []).append(seconds)


def _print(corpora: Sequence[Corpus], contenders: Sequence[str]) -> None:
    table = Table(title="user CPU seconds, medians")
    for heading in ("corpus", "command", "seconds", "ratio", "rounds from", "to", "target"):
        table.add_column(heading, justify="left" if heading in ("corpus", "command") else "right")
    for corpus in corpora:
        title = f"{corpus.name}: {len(corpus.files)} files, {corpus.lines:,} lines"
        for name in contenders:
            table.add_row(title, name, *_cells(corpus, name))
            title = ""
        table.add_section()
    Console(width=None if sys.stdout.isatty() else 140).print(table)
    for corpus in corpora:
        for name, failure in corpus.failures.items():
            print(f"failed on {corpus.name}: {name}: {failure}")


def _cells(corpus: Corpus, name: str) -> tuple[str, ...]:
    if name in corpus.failures:
        return "failed", "", "", "", ""
    seconds = f"{median(corpus.seconds[name]):.2f}"
    found = corpus.comparison(name)
    if name == PLAIN or found is None:
        return seconds, "", "", "", ""
    low, high = found.round_ratios
    target = f"{corpus.target:.2f} {'met' if found.ratio <= corpus.target else 'MISSED'}" if name == PLUGIN else ""
    return seconds, f"{found.ratio:.3f}", f"{low:.3f}", f"{high:.3f}", target


def _as_json(corpora: Sequence[Corpus], rounds: int) -> dict[str, object]:
    def row(corpus: Corpus) -> dict[str, object]:
        found = corpus.comparison()
        return {
            "files": len(corpus.files),
            "lines": corpus.lines,
            "target": corpus.target,
            "ratio": round(found.ratio, 4) if found else None,
            "user_seconds": {name: [round(value, 3) for value in values] for name, values in corpus.seconds.items()},
            "failed": sorted(corpus.failures),
        }

    return {
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "flake8": version("flake8"),
        "libcst": version("libcst"),
        "rounds": rounds,
        "corpora": {corpus.name: row(corpus) for corpus in corpora},
    }


if __name__ == "__main__":
    terminal.run(main)
