"""What a finding is known by when its line moves: the file, the code and the text of its line, not the number."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchconv_lint.model import Finding
    from torchconv_lint.shell.checked import Checked


class Identity(NamedTuple):
    """Two findings of one file with the same identity are told apart by their order only."""

    path: str
    code: str
    text: str


def identified(checked: Checked, path: str) -> Iterator[tuple[Finding, Identity]]:
    """The findings of a file and what each is known by; `path` is what to call the file."""
    for finding in checked.findings:
        # Indentation changes when a block is put around the line: the finding is still the same.
        yield finding, Identity(path, finding.code, " ".join((checked.line(finding.span) or "").split()))


def fingerprints(checked: Checked, path: str) -> Iterator[tuple[Finding, str]]:
    """The findings of a file and a digest for each that survives when lines are added or removed above it."""
    seen: Counter[Identity] = Counter()
    for finding, identity in identified(checked, path):
        parts = (*identity, str(seen[identity]))
        seen[identity] += 1
        yield finding, hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32]
