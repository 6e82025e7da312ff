"""Does the time per line stay the same as files grow? `python -m bench.growth`. User CPU, and memory."""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import terminal
from bench.shapes import LENGTHS, MEASURE, SHAPES, ordinary
from bench.targets import TOLERANCE

RESULTS = Path(__file__).parent / "results"
RESULT_FILE = RESULTS / "growth.json"
PLOT = RESULTS / "growth.svg"

#: Time per line may be so many times that of the 1,000 lines.
MOST = 2.0
#: Megabytes that a run may take beyond what the linter itself does.
MOST_MEGABYTES = 1_000.0
#: A file that takes longer hangs.
PATIENCE_S = 600.0


@dataclass(frozen=True)
class Growth:
    """What linting one file costs: the best of several user CPU times, and memory beyond what an empty run takes."""

    lines: int
    seconds: float
    megabytes: float
    problems: int
    findings: int

    @property
    def microseconds_a_line(self) -> float:
        """The number that must not grow."""
        return 1e6 * self.seconds / self.lines


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0: measured, and nothing grows faster than lines; 1 otherwise."""
    arguments = _parse(argv)
    texts = {name: ordinary(lines) for name, lines in LENGTHS.items() if lines <= arguments.most_lines}
    texts |= {name: make() for name, make in SHAPES.items()}
    if arguments.only:
        texts = {name: text for name, text in texts.items() if name in (MEASURE, *arguments.only)}
    measured: dict[str, Growth | None] = {}
    for name, text in terminal.progress(texts.items(), len(texts), "files"):
        measured[name] = measure(text, arguments.rounds)
    _print(measured)
    if arguments.save:
        _save(measured, arguments.rounds)
    return int(any(_missed(one, measured[MEASURE]) for one in measured.values()))


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often each file is linted (default: 3)")
    parser.add_argument("--most-lines", type=int, default=50_000, metavar="N", help="leave longer ordinary files out")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="only these, and the 1,000 lines")
    parser.add_argument("--save", action="store_true", help="record the result and its plot in bench/results")
    return parser.parse_args(argv)


def measure(text: str, rounds: int, patience: float = PATIENCE_S) -> Growth | None:
    """What linting the text costs, in a process of its own; None if it hangs or dies."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "grown.py"
        path.write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "bench.growth_worker", str(path), str(rounds)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=patience)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            terminal.say(f"failed: {error}: {(error.stderr or b'')[-500:]!r}")
            return None
    return Growth(**json.loads(done.stdout))


def _missed(one: Growth | None, measure_: Growth | None) -> bool:
    """Whether something is wrong: a hang, a crash, more than one diagnostic, time or memory beyond the limits."""
    if one is None or measure_ is None:
        return True
    slower = one.microseconds_a_line / measure_.microseconds_a_line
    return slower > MOST * TOLERANCE or one.megabytes > MOST_MEGABYTES * TOLERANCE or one.problems > 1


def _print(measured: Mapping[str, Growth | None]) -> None:
    table = Table(title=f"at most {MOST:g} times the 1,000 lines, {MOST_MEGABYTES:,.0f} MB and one diagnostic")
    for heading in ("file", "lines", "seconds", "µs a line", "times", "MB", "problems", "findings", ""):
        table.add_column(heading, justify="left" if heading in ("file", "") else "right")
    first = measured[MEASURE]
    for name, one in measured.items():
        if one is None or first is None:
            table.add_row(name, *[""] * 7, "FAILED")
            continue
        each, times = one.microseconds_a_line, one.microseconds_a_line / first.microseconds_a_line
        numbers = (f"{one.lines:,}", f"{one.seconds:.3f}", f"{each:.0f}", f"{times:.2f}", f"{one.megabytes:.0f}")
        word = "MISSED" if _missed(one, first) else "met"
        table.add_row(name, *numbers, str(one.problems), str(one.findings), word)
    Console(width=None if sys.stdout.isatty() else 140).print(table)


def _save(measured: Mapping[str, Growth | None], rounds: int) -> None:
    from bench.plots import plot_growth

    document = {
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "rounds": rounds,
        "files": {name: None if one is None else asdict(one) for name, one in measured.items()},
    }
    RESULTS.mkdir(exist_ok=True)
    RESULT_FILE.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    series: dict[str, list[tuple[int, float]]] = {"ordinary code": []}
    for name, one in measured.items():
        if one is not None:
            series.setdefault("ordinary code" if name in LENGTHS else name, []).append((one.lines, one.seconds))
    plot_growth(series, PLOT)
    terminal.say(f"written: {RESULT_FILE}, {PLOT}")


if __name__ == "__main__":
    terminal.run(main)
