"""Fixes on released packages: `python -m bench.fixes`. A copy of them is fixed; it must parse, settle and import."""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from bench import corpus, terminal
from torchconv_lint import __version__
from torchconv_lint.parsing import parses

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RESULTS = Path(__file__).parent / "results" / "fixes.json"
EVERYTHING = ("--select=ALL", "--confidence=possible", "--no-gitignore", "--no-cache")
IMPORT_LIMIT = 300


@dataclass(frozen=True)
class Outcome:
    """What fixing one package came to. The lists of paths are empty when all is well."""

    package: str
    files: int
    findings: int
    safe: int
    unsafe: int
    left: int
    changed: int
    broken: list[str]
    touched_without_reason: list[str]
    changed_again: list[str]
    problems: list[str]
    imports: str

    @property
    def good(self) -> bool:
        """Whether nothing went wrong."""
        wrong = self.broken or self.touched_without_reason or self.changed_again or self.problems
        return not wrong and self.imports != "broken by the fixes"


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0: all is well; 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m bench.fixes", description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="PACKAGE", help="only these of the pinned packages")
    parser.add_argument("--save", action="store_true", help=f"write the result to {RESULTS.name}")
    arguments = parser.parse_args(argv)
    packages = corpus.packages(arguments.only)
    outcomes = [
        fixed(package.folder, f"{package.name} {package.version}")
        for package in terminal.progress(packages, len(packages), "packages")
    ]
    show(outcomes)
    if arguments.save:
        rows = {"torchconv_lint": __version__, "packages": [asdict(outcome) for outcome in outcomes]}
        RESULTS.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    return int(not all(outcome.good for outcome in outcomes))


def fixed(root: Path, name: str) -> Outcome:
    """Fix a copy of the package twice, with every rule, every confidence and every fix, and compare."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(root, copy)
        before, digests = contents(copy), digests_of(copy)
        importable = [imports(copy, module) for module in modules(copy)]
        findings, problems = check(copy)
        fixable = {finding["path"] for finding in findings if finding["fix"] is not None}
        left, more = check(copy, "--fix", "--unsafe-fixes")
        after, fixed_digests = contents(copy), digests_of(copy)
        check(copy, "--fix", "--unsafe-fixes")
        again = digests_of(copy)
        now = [imports(copy, module) for module in modules(copy)]
        changed = [path for path in digests if digests[path] != fixed_digests.get(path)]
        safeties = [finding["fix"]["safety"] for finding in findings if finding["fix"] is not None]
        return Outcome(
            package=name,
            files=len(before),
            findings=len(findings),
            safe=safeties.count("safe"),
            unsafe=safeties.count("unsafe"),
            left=len(left),
            changed=len(changed),
            broken=[path for path, data in after.items() if parses(before[path]) and not parses(data)],
            touched_without_reason=[path for path in changed if path not in fixable],
            changed_again=[path for path in again if again[path] != fixed_digests.get(path)],
            problems=[line for line in more if line not in problems],
            imports=compare_imports(importable, now),
        )


def check(folder: Path, *options: str) -> tuple[list[dict[str, Any]], list[str]]:
    """The findings and the problems of a run of the command line in the folder."""
    command = [sys.executable, "-m", "torchconv_lint", "check", *EVERYTHING, "--format=json", *options, "."]
    result = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)
    if result.returncode not in (0, 1, 2):
        raise RuntimeError(result.stderr)
    return json.loads(result.stdout), result.stderr.splitlines()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.py"))}


def digests_of(folder: Path) -> dict[str, str]:
    """A digest of every file, Python or not; what importing the package leaves behind is no part of it."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
    }


def modules(folder: Path) -> list[str]:
    return sorted(path.parent.name for path in folder.glob("*/__init__.py"))


def imports(folder: Path, module: str) -> bool:
    """Whether the module of that folder can be imported: its own requirements may not be installed here."""
    code = (
        f"import sys; sys.path.insert(0, sys.argv[1]); import {module} as m; assert m.__file__.startswith(sys.argv[1])"
    )
    command = [sys.executable, "-c", code, str(folder)]
    return subprocess.run(command, capture_output=True, timeout=IMPORT_LIMIT, cwd=folder, check=False).returncode == 0


def compare_imports(before: Sequence[bool], after: Sequence[bool]) -> str:
    if before != after:
        return "broken by the fixes"
    return "works" if before and all(before) else "not installed here"


def show(outcomes: Sequence[Outcome]) -> None:
    columns = ("package", "files", "findings", "safe", "unsafe", "left", "files changed", "import")
    table = Table(*columns)
    for one in outcomes:
        numbers = (one.files, one.findings, one.safe, one.unsafe, one.left, one.changed)
        table.add_row(one.package, *map(str, numbers), one.imports)
    Console(width=120).print(table)
    for one in outcomes:
        for what, paths in wrong(one).items():
            for path in paths:
                print(f"{one.package}: {path}: {what}")


def wrong(outcome: Outcome) -> Mapping[str, list[str]]:
    return {
        "does not parse any more": outcome.broken,
        "was changed, though nothing in it has a fix": outcome.touched_without_reason,
        "a second run changes it again": outcome.changed_again,
        "a problem that was not there before": outcome.problems,
    }


if __name__ == "__main__":
    terminal.run(main)
