"""How much is evaluated, whatever the machine: `python -m bench.effort`. Counts instead of seconds."""

from __future__ import annotations

import argparse
import json
import os
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from rich.console import Console
from rich.table import Table

from bench import terminal
from bench.corpus import imports_torch, packages
from bench.timing import spread_sample
from torchconv_lint.analysis.domain.frame import Frame
from torchconv_lint.analysis.run.interpreter import Interpreter
from torchconv_lint.lint import lint_source
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source

RESULT_FILE = Path(__file__).parent / "results" / "effort.json"
MOST = 1.05
"""Exit code 1 when so many times as much is evaluated as was recorded."""


class Effort:
    """What has been evaluated: expressions in all, and for each function that the sieve has left or that was asked for
    an attribute, what was called from there included."""

    def __init__(self) -> None:
        self.expressions = 0
        self.functions: Counter[str] = Counter()

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Counts what is evaluated meanwhile."""
        evaluate, enter = Frame.evaluate, Interpreter._enter

        def counted(frame: Frame, node: Any) -> Any:
            self.expressions += 1
            return evaluate(frame, node)

        def entered(interpreter: Interpreter, function: Any) -> Any:
            before = self.expressions
            try:
                return enter(interpreter, function)
            finally:
                name = f"{os.path.basename(interpreter.source.path)}:{function.first_line} {function.name}"
                self.functions[name] += self.expressions - before

        with patch.object(Frame, "evaluate", counted), patch.object(Interpreter, "_enter", entered):
            yield


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0: as much as recorded, or less; 1 if it is more than 5 % more."""
    parser = argparse.ArgumentParser(prog="python -m bench.effort", description=__doc__)
    parser.add_argument("--files", type=int, default=250, metavar="N", help="an evenly spread sample (default: 250)")
    parser.add_argument("--save", action="store_true", help="record the counts in bench/results")
    arguments = parser.parse_args(argv)
    files = [path for package in packages() for path in package.python_files() if imports_torch(path.read_bytes())]
    chosen = [files[index] for index in spread_sample(len(files), arguments.files)]
    effort, lines = Effort(), 0
    warnings.simplefilter("ignore")  # of the files' own escapes
    with effort.counting():
        for path in terminal.progress(chosen, len(chosen), "files"):
            source = Source.from_bytes(str(path), path.read_bytes())
            lines += source.text.count("\n")
            lint_source(source, Settings(), fixes=False)
    counts = {
        "files": len(chosen),
        "lines": lines,
        "functions": len(effort.functions),
        "expressions": effort.expressions,
    }
    recorded = json.loads(RESULT_FILE.read_text(encoding="utf-8")) if RESULT_FILE.exists() else {}
    _print(counts, recorded, effort)
    if arguments.save:
        RESULT_FILE.write_text(json.dumps(counts, indent=1) + "\n", encoding="utf-8")
        return 0
    alike = recorded.get("files") == counts["files"] and recorded.get("lines") == counts["lines"]
    return int(alike and effort.expressions > MOST * recorded["expressions"])


def _print(counts: dict[str, int], recorded: dict[str, int], effort: Effort) -> None:
    console = Console()
    table = Table("", "now", "recorded")
    for name, count in counts.items():
        table.add_row(name, f"{count:,}", f"{recorded[name]:,}" if name in recorded else "")
    console.print(table)
    table = Table("function", "expressions")
    for name, count in effort.functions.most_common(10):
        table.add_row(name, f"{count:,}")
    console.print(table)


if __name__ == "__main__":
    terminal.run(main)
