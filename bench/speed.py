"""What linting costs: `python -m bench.speed`. Side by side, several rounds, medians."""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from bench import contenders, targets, terminal
from bench.contenders import Contender
from bench.corpus import Package, imports_torch, mentions_torch, packages
from bench.cpu_time import CommandFailed, Cost
from bench.targets import Target, Verdict
from bench.timing import spread_sample

RESULTS = Path(__file__).parent / "results"
RESULT_FILE = RESULTS / "speed.json"
PLOT = RESULTS / "speed.svg"

_EDITED_LINES = 500
_EDITED_FILES = 9
"""Files of about so many lines are read as an editor sends them, each by itself: one alone would tell of that one."""


@dataclass
class Corpus:
    """Files to be linted together, by whom, and what is promised for it."""

    name: str
    targets: Sequence[Target]
    contenders: Sequence[Contender]
    files: list[str]
    lines: int
    costs: dict[str, list[Cost]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    @property
    def verdicts(self) -> list[Verdict | None]:
        """One for each target, in their order; None where something failed, or was left out."""
        return [target.judge(self.costs) for target in self.targets]


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0: measured, and no target missed by more than noise; 1 otherwise."""
    arguments = _parse(argv)
    with tempfile.TemporaryDirectory() as folder:
        corpora = _corpora(packages(arguments.only), Path(folder), arguments)
        for number in range(1, arguments.rounds + 1):
            for corpus in corpora:
                terminal.say(f"round {number}/{arguments.rounds}: {corpus.name} ({len(corpus.files)} files)")
                run_round(corpus, Path(folder), backwards=number % 2 == 0)
    _print(corpora)
    if arguments.save:
        _save(corpora, arguments.rounds)
    return int(any(corpus.failures or any(one and one.missed for one in corpus.verdicts) for corpus in corpora))


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.speed", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each is run (default: 5)")
    parser.add_argument("--files", type=int, metavar="N", help="an evenly spread sample of N files (default: all)")
    parser.add_argument("--only", nargs="+", metavar="PACKAGE", help="files of these packages only")
    parser.add_argument("--without-rivals", action="store_true", help="measure only flake8 and ourselves")
    parser.add_argument("--save", action="store_true", help="record the result and its plot in bench/results")
    return parser.parse_args(argv)


def _corpora(unpacked: Sequence[Package], folder: Path, arguments: argparse.Namespace) -> list[Corpus]:
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
    (folder / "empty.py").write_text("")
    edited = sorted(with_torch, key=lambda item: (abs(item[1] - _EDITED_LINES), item[0]))[:_EDITED_FILES]
    everyone = contenders.ours(parallel=True) + ([] if arguments.without_rivals else contenders.rivals())
    few = contenders.ours(parallel=False)
    return [
        _corpus("files that import torch", targets.WITH_TORCH, everyone, with_torch, arguments.files),
        _corpus("files without torch", targets.WITHOUT_TORCH, few, without, arguments.files),
        _corpus("single files in an editor", targets.EDITOR, contenders.on_stdin(), edited, None),
        _corpus("an empty file", targets.IMPORT, few[:2], [("empty.py", 0)], None),
    ]


def _corpus(
    name: str,
    promised: Sequence[Target],
    who: Sequence[Contender],
    files: Sequence[tuple[str, int]],
    wanted: int | None,
) -> Corpus:
    sample = [files[index] for index in spread_sample(len(files), wanted)]
    return Corpus(name, promised, who, [path for path, _ in sample], sum(lines for _, lines in sample))


def run_round(corpus: Corpus, folder: Path, *, backwards: bool) -> None:
    """Run every contender once; the order turns from round to round, so that a drift of the machine hits all. Who has
    failed once is out."""
    for contender in reversed(corpus.contenders) if backwards else corpus.contenders:
        if contender.name in corpus.failures:
            continue
        try:
            cost = contender.run(corpus.files, folder)
        except (CommandFailed, OSError) as error:
            corpus.failures[contender.name] = str(error)
            corpus.costs.pop(contender.name, None)
            continue
        corpus.costs.setdefault(contender.name, []).append(cost)


def _print(corpora: Sequence[Corpus]) -> None:
    console = Console(width=None if sys.stdout.isatty() else 140)
    table = Table(title="medians")
    for heading in ("corpus", "command", "user CPU s", "from", "to", "wall s", "MB"):
        table.add_column(heading, justify="left" if heading in ("corpus", "command") else "right")
    for corpus in corpora:
        title = f"{corpus.name}: {len(corpus.files)} files, {corpus.lines:,} lines"
        for contender in corpus.contenders:
            table.add_row(title, contender.name, *_cells(corpus.costs.get(contender.name)))
            title = ""
        table.add_section()
    console.print(table)
    table = Table(title=f"targets (missed: by more than {targets.TOLERANCE - 1:.0%})")
    for heading in ("corpus", "ratio", "measured", "target", ""):
        table.add_column(heading, justify="right" if heading in ("measured", "target") else "left")
    for corpus in corpora:
        for target, verdict in zip(corpus.targets, corpus.verdicts, strict=True):
            measured, word = ("", "not measured") if verdict is None else (f"{verdict.value:.4f}", _word(verdict))
            table.add_row(corpus.name, target.says, measured, f"{target.limit:.4f}", word)
    console.print(table)
    for corpus in corpora:
        for name, failure in corpus.failures.items():
            print(f"failed on {corpus.name}: {name}: {failure}")


def _cells(costs: Sequence[Cost] | None) -> tuple[str, ...]:
    if not costs:
        return "failed", "", "", "", ""
    seconds = [cost.user for cost in costs]
    wall, megabytes = median(cost.wall for cost in costs), median(cost.megabytes for cost in costs)
    return *(f"{value:.2f}" for value in (median(seconds), min(seconds), max(seconds), wall)), f"{megabytes:.0f}"


def _word(verdict: Verdict) -> str:
    return "met" if verdict.met else "MISSED" if verdict.missed else "met but for noise"


def _save(corpora: Sequence[Corpus], rounds: int) -> None:
    from bench.plots import plot_speed

    document = _as_json(corpora, rounds)
    RESULTS.mkdir(exist_ok=True)
    RESULT_FILE.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    plot_speed(corpora[0].name, {name: targets.user(corpora[0].costs, name) for name in corpora[0].costs}, PLOT)
    terminal.say(f"written: {RESULT_FILE}, {PLOT}")


def _as_json(corpora: Sequence[Corpus], rounds: int) -> dict[str, object]:
    def row(corpus: Corpus) -> dict[str, object]:
        return {
            "files": len(corpus.files),
            "lines": corpus.lines,
            "targets": {
                target.says: {
                    "limit": round(target.limit, 4),
                    "measured": None if verdict is None else round(verdict.value, 4),
                }
                for target, verdict in zip(corpus.targets, corpus.verdicts, strict=True)
            },
            "costs": {
                name: [{key: round(value, 3) for key, value in asdict(cost).items()} for cost in costs]
                for name, costs in corpus.costs.items()
            },
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
