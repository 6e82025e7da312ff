"""Do the fixtures notice when the linter is broken? `python -m bench.mutation [MODULE…]`.

Each mutant of a module is tried in a process of its own: first the fixtures' static expectations, those of the rule
itself first, then the tests of the analysis. A mutant that nothing notices needs a fixture, a test, or a reason in
`bench/mutants.json`.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.abc
import importlib.machinery
import importlib.util
import io
import json
import multiprocessing
import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import terminal
from bench.mutants import Mutant, mutants

ROOT = Path(__file__).parent.parent
REASONS = Path(__file__).parent / "mutants.json"
RESULT_FILE = Path(__file__).parent / "results" / "mutation.json"
TESTS = ("tests/test_analysis.py", "tests/test_analysis_more.py")
LIMIT = 120
"""Seconds of CPU time."""

BY_FIXTURE, BY_TEST, BY_TIME, EXPLAINED, ALIVE = "fixture", "test", "time limit", "explained", "alive"


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 1 if a mutant lives that no reason explains."""
    parser = argparse.ArgumentParser(prog="python -m bench.mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", help="files under torchconv_lint (default: all rules)")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="try every N-th mutant only")
    parser.add_argument("--save", action="store_true", help=f"record the table in {RESULT_FILE.relative_to(ROOT)}")
    arguments = parser.parse_args(argv)
    rules = sorted((ROOT / "torchconv_lint" / "rules").rglob("*/[a-z]*.py"))
    paths = [Path(name) for name in arguments.modules] or rules
    todo = [mutant for path in paths for mutant in _mutants_of(path.resolve())][:: arguments.every]
    reasons = {tuple(entry["mutant"]): entry["reason"] for entry in _read(REASONS, [])}
    counts: dict[str, Counter[str]] = {}
    alive: list[Mutant] = []
    for mutant, outcome in terminal.progress(_tried(todo, arguments.jobs), len(todo), "mutants"):
        outcome = EXPLAINED if outcome == ALIVE and mutant.key in reasons else outcome
        counts.setdefault(mutant.module, Counter())[outcome] += 1
        if outcome == ALIVE:
            alive.append(mutant)
    _print(counts, alive)
    if arguments.save:
        saved = _read(RESULT_FILE, {})
        saved.update({module: dict(sorted(counter.items())) for module, counter in counts.items()})
        RESULT_FILE.write_text(json.dumps(dict(sorted(saved.items())), indent=1) + "\n", encoding="utf-8")
    return 1 if alive else 0


def _read(path: Path, default: Any) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else default


def _mutants_of(path: Path) -> Iterator[Mutant]:
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    yield from mutants(module, path.read_text(encoding="utf-8"))


def _tried(todo: list[Mutant], jobs: int) -> Iterator[tuple[Mutant, str]]:
    # What does not change is imported before the processes fork: libcst and pytest take longer than a mutant.
    import libcst  # noqa: F401
    import pytest  # noqa: F401

    context = multiprocessing.get_context("fork")
    with context.Pool(jobs, maxtasksperchild=1) as pool:
        right = pool.apply(_right)
        for index, outcome in pool.imap_unordered(_try, [(index, mutant, right) for index, mutant in enumerate(todo)]):
            yield todo[index], outcome


def _right() -> frozenset[Path]:
    """The fixtures of which the linter as it is says what is expected; the others would notice nothing."""
    from torchconv_lint.verify.fixture import read_fixture

    return frozenset(path for path in (ROOT / "fixtures").glob("cnv*/*.py") if not read_fixture(path).lint())


def _try(task: tuple[int, Mutant, frozenset[Path]]) -> tuple[int, str]:
    index, mutant, right = task
    signal.signal(signal.SIGPROF, _too_long)
    signal.setitimer(signal.ITIMER_PROF, LIMIT)
    sys.meta_path.insert(0, _Finder(mutant))
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return index, _noticed(mutant, right)
    except TimeoutError:
        return index, BY_TIME
    except Exception:  # the mutant cannot even be imported, or breaks the harness: noticed
        return index, BY_FIXTURE


def _too_long(*_: object) -> None:
    raise TimeoutError


def _noticed(mutant: Mutant, right: frozenset[Path]) -> str:
    from torchconv_lint.verify.fixture import read_fixture

    own = mutant.module.rpartition(".")[2][:6]
    if any(read_fixture(path).lint() for path in sorted(right, key=lambda path: (path.parent.name != own, path))):
        return BY_FIXTURE
    import pytest

    os.chdir(ROOT)
    options = ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:cov"]
    return ALIVE if pytest.main([*options, *TESTS]) == 0 else BY_TEST


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the mutant in place of the module."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def find_spec(self, fullname: str, path: object, target: object = None) -> importlib.machinery.ModuleSpec | None:
        return importlib.util.spec_from_loader(fullname, self) if fullname == self.mutant.module else None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.mutant.tree, f"<mutant of {self.mutant.module}>", "exec"), module.__dict__)


def _print(counts: dict[str, Counter[str]], alive: list[Mutant]) -> None:
    console = Console()
    table = Table(
        "module", "mutants", BY_FIXTURE, BY_TEST, BY_TIME, EXPLAINED, ALIVE, title="Mutants, by what notices them"
    )
    for module, counter in sorted(counts.items()):
        numbers = [counter[name] for name in (BY_FIXTURE, BY_TEST, BY_TIME, EXPLAINED, ALIVE)]
        table.add_row(module.removeprefix("torchconv_lint."), str(sum(numbers)), *map(str, numbers))
    console.print(table)
    for mutant in sorted(alive, key=lambda one: (one.module, one.line)):
        console.print(
            f"alive: {mutant.module}:{mutant.line} {mutant.where}: {mutant.what}: {mutant.text}", markup=False
        )
        console.print("  " + json.dumps(mutant.key), markup=False, style="dim", soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
