"""Do the fixtures notice when the linter is broken? `python -m bench.mutation [MODULE…]`.

Each mutant of a module is tried in a process of its own: first the fixtures' static expectations, those of the rule
itself first, then what their fixes make of them, then the tests of the analysis; only those that run the changed line,
until one fails. A mutant that nothing notices needs a fixture, a test, or a reason in `bench/mutants.json`.
"""

from __future__ import annotations

import argparse
import json
import sys
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import terminal
from bench.graft import graft
from bench.mutants import Mutant, mutants
from bench.noticing import FIX, FIXTURE, ROOT, TEST, TESTS, Check, TooLong, checks, in_child, timed

REASONS = Path(__file__).parent / "mutants.json"
RESULT_FILE = Path(__file__).parent / "results" / "mutation.json"

CRASH, TIME, EXPLAINED, ALIVE = "crash", "time limit", "explained", "alive"
OUTCOMES = (FIXTURE, FIX, TEST, CRASH, TIME, EXPLAINED, ALIVE)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 1 if a mutant lives that no reason explains."""
    parser = argparse.ArgumentParser(prog="python -m bench.mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", help="files under torchconv_lint (default: all rules)")
    parser.add_argument("--share", type=int, default=1, metavar="N", help="try one mutant of N only, always the same")
    parser.add_argument("--save", action="store_true", help=f"record the table in {RESULT_FILE.relative_to(ROOT)}")
    arguments = parser.parse_args(argv)
    rules = sorted((ROOT / "torchconv_lint" / "rules").rglob("*/[a-z]*.py"))
    paths = [Path(name) for name in arguments.modules] or rules
    todo = [mutant for path in paths for mutant in _mutants_of(path.resolve()) if _chosen(mutant, arguments.share)]
    reasons = {tuple(entry["mutant"]): entry["reason"] for entry in _read(REASONS, [])}
    counts: dict[str, Counter[str]] = {}
    alive: list[Mutant] = []
    for mutant, outcome in terminal.progress(_tried(todo), len(todo), "mutants"):
        outcome = EXPLAINED if outcome == ALIVE and mutant.key in reasons else outcome
        counts.setdefault(mutant.module, Counter())[outcome] += 1
        if outcome == ALIVE:
            alive.append(mutant)
    _print(counts, alive)
    if arguments.save:
        saved = _read(RESULT_FILE, {})
        for module, counter in counts.items():
            saved[module] = {"share": arguments.share, **{name: counter[name] for name in OUTCOMES if counter[name]}}
        RESULT_FILE.write_text(json.dumps(dict(sorted(saved.items())), indent=1) + "\n", encoding="utf-8")
    return 1 if alive else 0


def _read(path: Path, default: Any) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else default


def _mutants_of(path: Path) -> Iterator[Mutant]:
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    yield from mutants(module, path.read_text(encoding="utf-8"))


def _chosen(mutant: Mutant, share: int) -> bool:
    """By its name: other code in the module does not change the choice."""
    return zlib.crc32(repr(mutant.key).encode()) % share == 0


def _tried(todo: list[Mutant]) -> Iterator[tuple[Mutant, str]]:
    known = checks()
    for mutant in todo:
        related = _related(mutant, known)
        told = in_child(lambda mutant=mutant, related=related: _noticed(mutant, related))  # type: ignore[misc]
        if isinstance(told, int):  # which one has noticed it: most likely it will notice the next one as well
            known.sort(key=lambda check: check is not related[told])
            yield mutant, related[told].kind
        else:
            yield mutant, ALIVE if told is None else TIME if told == TIME else CRASH


def _related(mutant: Mutant, known: list[Check]) -> list[Check]:
    """What runs the changed lines: fixtures first, and of these the rule's own."""
    path = str(ROOT / (mutant.module.replace(".", "/") + ".py"))
    rule = mutant.module.rpartition(".")[2][:6]
    everything = not mutant.in_function and mutant.module.startswith("torchconv_lint.rules.")
    lines = set(mutant.lines)
    related = [
        check
        for check in known
        if everything or (check.reached.get(path, frozenset()) & lines if mutant.in_function else path in check.reached)
    ]
    return sorted(related, key=lambda check: ((FIXTURE, FIX, TEST).index(check.kind), check.own != rule))


def _noticed(mutant: Mutant, related: list[Check]) -> int | None:
    """The index of the check that fails."""
    graft(mutant, ("snippets", *(f"test_{name}" for name in TESTS)))
    for index, check in enumerate(related):
        try:
            if not timed(check.passes):
                return index
        except TooLong:
            raise
        except BaseException:  # a test that fails, a linter that dies
            return index
    return None


def _print(counts: dict[str, Counter[str]], alive: list[Mutant]) -> None:
    console = Console()
    table = Table("module", "mutants", *OUTCOMES, title="Mutants, by what notices them")
    for module, counter in sorted(counts.items()):
        numbers = [counter[name] for name in OUTCOMES]
        table.add_row(module.removeprefix("torchconv_lint."), str(sum(numbers)), *map(str, numbers))
    total = [sum(counter[name] for counter in counts.values()) for name in OUTCOMES]
    table.add_section()
    table.add_row("all", str(sum(total)), *map(str, total))
    console.print(table)
    for mutant in sorted(alive, key=lambda one: (one.module, one.lines.start)):
        place = f"{mutant.module}:{mutant.lines.start} {mutant.where}"
        console.print(f"alive: {place}: {mutant.what}: {mutant.text}", markup=False)
        console.print("  " + json.dumps(mutant.key), markup=False, style="dim", soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
