"""Checks 2 and 3: every function of the fixtures, executed on a device, against what the fixture declares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from torchconv_lint.verify.engine import Order, execute
from torchconv_lint.verify.fixture import Fixture
from torchconv_lint.verify.judge import verdict
from torchconv_lint.verify.machine import Machine, version_of
from torchconv_lint.verify.observation import Observation
from torchconv_lint.verify.proof import ACCELERATOR, CHANGES, GRAPH, MAPPING, MEMORY, RACES, TAKES, UNINITIALISED
from torchconv_lint.verify.rows import Row

Tick = Callable[[], None]
Execute = Callable[[Order], Iterable[tuple[int, Observation]]]


def rows_of(fixtures: Iterable[Fixture], device: str, machine: Machine) -> list[Row]:
    """One row per function; those that cannot be run here say why."""
    rows = []
    for fixture in fixtures:
        for function in fixture.functions:
            declared = fixture.proof.of(function.name, device)
            if declared is None and (fixture.claim is not None or device == MAPPING):
                continue  # A claim about some devices only; what the mapping cannot show.
            rows.append(Row(fixture, function, device, declared, reason=_hindrance(fixture, device, machine)))
    return rows


def _hindrance(fixture: Fixture, device: str, machine: Machine) -> str:
    if device == "cpu" and ACCELERATOR in fixture.proof.needs:
        return "needs an accelerator"
    if lacking := machine.lacks(device):
        return lacking
    missing = [name for name in fixture.proof.libraries if not version_of(name)]
    return f"not installed: {', '.join(missing)}" if missing else ""


def _job(row: Row) -> dict[str, Any]:
    fixture = row.fixture
    marks = [
        (line, expectation.texts[0])
        for expectation in fixture.expectations
        if expectation.code == fixture.rule and expectation.texts
        for line in [fixture.statement_at(expectation.line)[0]]
    ]
    return {
        "path": str(fixture.path.resolve()),
        "text": fixture.text,
        "function": row.function.name,
        "device": row.device,
        "watch": _watched(row),
        "marks": marks,
        "twin": row.declared.twin if row.declared else "",
    }


def _watched(row: Row) -> list[str]:
    """What to look at: what the file speaks of, for hazards and twins alike; many runs only where asked for."""
    words, here = row.fixture.proof.words(), row.fixture.proof.words(row.device)
    timed = row.declared is not None and row.declared.word == TAKES
    wanted = {
        "memory": words & MEMORY,
        "graph": words & GRAPH,
        "fresh memory": UNINITIALISED in words,
        "race": RACES in here,
        "ratio": timed,
    }
    return [name for name, asked in wanted.items() if asked]


_COMPILER = "torch.compile"
_COMPILING = ("torch.compile", "torch.export", "compile(", "optim", "torch.func", "TorchDispatchMode")
"""What a program shows that loads torch's compiler, which takes seconds. A word too few costs time, nothing else."""


def _loads(row: Row) -> tuple[str, ...]:
    """What takes long to load for the row's program, beside torch."""
    compiler = (_COMPILER,) if any(word in row.fixture.text for word in _COMPILING) else ()
    return (*row.fixture.proof.libraries, *compiler)


def _orders(rows: list[Row], chosen: Iterable[int], width: int, limit: float) -> Iterator[tuple[list[int], Order]]:
    """One order for what needs nothing but torch, one for the rest, with the rows they are about: forking a process
    takes the longer the more it has loaded, and most programs need none of it."""
    groups: dict[bool, list[int]] = {False: [], True: []}
    for index in chosen:
        groups[bool(_loads(rows[index]))].append(index)
    for group in filter(None, groups.values()):
        preload = tuple(sorted({name for index in group for name in _loads(rows[index])}))
        jobs = tuple(_job(rows[index]) for index in group)
        yield group, Order(rows[group[0]].device, jobs, width, limit, preload)


def _marked_lines(fixture: Fixture, ranged: bool) -> frozenset[int]:
    lines: set[int] = set()
    for expectation in fixture.expectations:
        if expectation.code == fixture.rule or not fixture.rule:
            first, last = fixture.statement_at(expectation.line)
            lines |= set(range(first, last + 1)) if ranged else {first}
    return frozenset(lines)


def prove(
    rows: list[Row], width: int, limit: float, tick: Tick = lambda: None, execute: Execute = execute
) -> list[Row]:
    """Run what can be run, and judge it. `tick` is called after each function; `execute` runs an order."""
    judged = list(rows)
    seen: dict[tuple[str, str], Observation] = {}
    chosen = [index for index, row in enumerate(rows) if not row.reason and row.declared is not None]
    for group, order in _orders(rows, chosen, width, limit):
        for job, observation in execute(order):
            row = rows[group[job]]
            seen[row.fixture.key, row.function.name] = observation
            tick()
    for index, row in enumerate(rows):
        observed = seen.get((row.fixture.key, row.function.name))
        if observed is None or row.declared is None:
            judged[index] = row if row.reason else _undeclared(row)
            continue
        hazard = row.function.kind == "hazard"
        marked = _marked_lines(row.fixture, row.declared.word != CHANGES) if hazard else frozenset()
        reason = verdict(
            row.declared,
            observed,
            marked,
            row.fixture.proof.words(),
            lambda name, fixture=row.fixture: seen.get((fixture.key, name)),  # type: ignore[misc]
        )
        judged[index] = row.judged(reason, observed)
    return judged


def _undeclared(row: Row) -> Row:
    return Row(row.fixture, row.function, row.device, None, reason="nothing declared for this device")
