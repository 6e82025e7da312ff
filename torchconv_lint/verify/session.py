"""One run of `verify`, from paths to a result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from torchconv_lint.rules import all_rules
from torchconv_lint.verify.engine import Servers
from torchconv_lint.verify.evidence import consult, load, record
from torchconv_lint.verify.fixed import Fixed, compared, cures, fix_all
from torchconv_lint.verify.fixture import Fixture, find_fixtures, read_fixture
from torchconv_lint.verify.machine import Machine, this_machine
from torchconv_lint.verify.proof import MAPPING, ProofError
from torchconv_lint.verify.prove import prove, rows_of
from torchconv_lint.verify.recorded import stale
from torchconv_lint.verify.result import Result
from torchconv_lint.verify.rows import NOT_RUN, Row


@dataclass(frozen=True, slots=True)
class Request:
    """What to verify. `complete`: these are all fixtures, so that every registered rule must be among them, but for
    those that only a real CUDA device can show."""

    paths: tuple[Path, ...]
    devices: tuple[str, ...]
    evidence: Path
    width: int = 2
    limit: float = 60.0
    complete: bool = False
    record: bool = False


Progress = Callable[[str, int], Callable[[], None]]


def _quiet(what: str, number: int) -> Callable[[], None]:
    return lambda: None


def verify(request: Request, progress: Progress = _quiet) -> Result:
    """Run all four checks. `progress(what, number of steps)` gives what to call after each step."""
    fixtures, broken = _read(request.paths)
    static = {fixture.key: fixture.lint() for fixture in fixtures}
    treated, problems = fix_all(fixture for fixture in fixtures if fixture.claim is None)
    machine = this_machine()
    rows: list[Row] = []
    fixes: list[Row] = []
    evidences = load(request.evidence)
    for device in _with_mapping(request.devices, machine):
        planned = rows_of(fixtures, device, machine)
        with Servers() as servers:
            tick = progress(device, len(planned))
            done = prove(planned, request.width, request.limit, tick, servers.execute)
            if request.record:
                record(request.evidence, device, machine, done, request.complete)
            fixes += _cured(done, treated, request, servers)
        rows += [consult(row, evidences) if row.status == NOT_RUN else row for row in done]
    registered = tuple(rule.code for rule in all_rules() if not rule.cuda_only) if request.complete else ()
    left = stale(load(request.evidence), tuple(fixtures))
    return Result(tuple(rows), static, tuple(fixes), problems, broken, registered, left)


def _with_mapping(devices: tuple[str, ...], machine: Machine) -> tuple[str, ...]:
    """The devices, and what can be shown where there is a torch, but one that is too old for the stand-in."""
    instead = "stand-in" in devices and MAPPING not in devices and machine.torch and machine.lacks("stand-in")
    return (*devices, MAPPING) if instead else devices


def _read(paths: Sequence[Path]) -> tuple[list[Fixture], dict[str, str]]:
    fixtures, broken = [], {}
    for path in find_fixtures(list(paths)):
        try:
            fixtures.append(read_fixture(path))
        except (ProofError, OSError) as error:
            broken[str(path)] = str(error)
    return fixtures, broken


def _cured(done: list[Row], treated: dict[str, Fixed], request: Request, servers: Servers) -> list[Row]:
    """Check 4, after the checks of the hazards and twins as they are."""
    seen = {(row.fixture.key, row.function.name): row.observation for row in done}
    planned = cures(done, treated)
    fixed = prove([cure.after for cure in planned], request.width, request.limit, execute=servers.execute)
    return [
        compared(cure, row, seen.get((row.fixture.key, cure.twin))) for cure, row in zip(planned, fixed, strict=True)
    ]
