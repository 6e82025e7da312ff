"""Write the knowledge tables from the installed torch and NumPy, or check that they are up to date.

    python -m torchconv_lint.knowledge.generate           # rewrite torch.json and numpy.json
    python -m torchconv_lint.knowledge.generate --check   # exit 1 and show the difference instead

Needs torch and NumPy, and an operating system with `fork`.
"""

from __future__ import annotations

import argparse
import difflib
import sys
import warnings
from collections.abc import Sequence

from torchconv_lint.knowledge.numpy_table import numpy_table
from torchconv_lint.knowledge.tables import FOLDER
from torchconv_lint.knowledge.text import render
from torchconv_lint.knowledge.torch_table import torch_table


def tables() -> dict[str, str]:
    """File name -> freshly measured text."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {"numpy.json": render(numpy_table()) + "\n", "torch.json": render(torch_table()) + "\n"}


def difference(fresh: dict[str, str]) -> str:
    """The unified diff from the checked-in tables to fresh ones; empty when equal."""
    lines: list[str] = []
    for name, text in fresh.items():
        path = FOLDER / name
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        lines += difflib.unified_diff(
            old.splitlines(keepends=True), text.splitlines(keepends=True), f"checked in/{name}", f"measured/{name}"
        )
    return "".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measure what torch and NumPy operations do.")
    parser.add_argument("--check", action="store_true", help="compare with the checked-in tables instead of writing")
    options = parser.parse_args(argv)
    fresh = tables()
    changes = difference(fresh)
    if options.check:
        sys.stdout.write(changes)
        return 1 if changes else 0
    for name, text in fresh.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
