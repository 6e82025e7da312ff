"""One run of the linter over the pinned packages: findings with their places, failures, and what was read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bench import terminal
from bench.corpus import CACHE, Package, imports_torch
from bench.ledger import Place, places
from bench.lint_runner import FileResult, lint_files
from torchconv_lint.source import Source, UnreadableSource

if TYPE_CHECKING:
    from torchconv_lint.model import Finding
    from torchconv_lint.settings import Settings


@dataclass(frozen=True)
class Located:
    """A finding and its place, which names it in the ledger."""

    place: Place
    finding: Finding

    @property
    def file(self) -> Path:
        """The unpacked file that the finding is in."""
        return Path(self.finding.path)


@dataclass
class Scan:
    """What the run gave."""

    found: list[Located] = field(default_factory=list)
    failures: list[FileResult] = field(default_factory=list)
    notes: list[tuple[Path, str]] = field(default_factory=list)
    slowest: list[FileResult] = field(default_factory=list)
    files: int = 0
    torch_files: int = 0
    lines: int = 0
    torch_lines: int = 0


def scan(packages: Sequence[Package], settings: Settings, jobs: int, time_limit: float) -> Scan:
    """Lint every Python file of `packages`."""
    owner = {path: package for package in packages for path in package.python_files()}
    result = Scan()
    results = lint_files(list(owner), settings, jobs, time_limit)
    for file_result in terminal.progress(results, len(owner), "linting"):
        _take(result, owner[file_result.path], file_result)
    result.slowest = sorted(result.slowest, key=lambda item: -item.seconds)[:5]
    return result


def _take(result: Scan, package: Package, file_result: FileResult) -> None:
    path = file_result.path
    data = path.read_bytes()
    lines = data.count(b"\n")
    result.files += 1
    result.lines += lines
    if imports_torch(data):
        result.torch_files += 1
        result.torch_lines += lines
    result.slowest.append(file_result)
    if file_result.failure is not None:
        result.failures.append(file_result)
    result.notes.extend((path, note) for note in file_result.notes)
    findings = sorted(file_result.findings, key=lambda finding: (finding.span, finding.code))
    where = places(
        package.name,
        path.relative_to(package.folder).as_posix(),
        _text(path, data),
        [(finding.code, finding.span.line) for finding in findings],
    )
    result.found.extend(Located(place, finding) for place, finding in zip(where, findings, strict=True))


def _text(path: Path, data: bytes) -> str:
    try:
        return Source.from_bytes(str(path), data).text
    except UnreadableSource:
        return ""


def shown(path: Path) -> str:
    """A path as the reports show it: from the working directory where that is shorter."""
    relative = os.path.relpath(path)
    return relative if len(relative) < len(str(path)) or path.is_relative_to(CACHE) else str(path)
