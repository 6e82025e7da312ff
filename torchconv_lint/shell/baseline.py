"""A baseline: the findings that a project knows of already. Only what is not in it counts.

It is kept in a JSON file without line numbers, so that it changes only when findings do. A finding is known by its
file, its code and the text of its line; of several alike, as many are known as the baseline says.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from torchconv_lint.report.identity import Identity, identified

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchconv_lint.model import Finding
    from torchconv_lint.shell.checked import Checked

_VERSION = 1


class BaselineError(Exception):
    """The file cannot be used as a baseline; the message says why, in one line."""


@dataclass(frozen=True, slots=True)
class Compared:
    """`checked` with only the new findings, how many were `known`, and how many known ones are `gone`."""

    checked: tuple[Checked, ...]
    known: int
    gone: int


class Baseline:
    """The baseline in the file at `path`; paths in it start from its folder."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._folder = os.path.dirname(os.path.abspath(path))

    def compare(self, checked: Iterable[Checked]) -> Compared:
        """Leave the new findings. Raises `BaselineError` if the file cannot be read or is no baseline."""
        left = self._read()
        all_known = sum(left.values())
        # Entries of files that this run did not look at are neither known nor gone.
        results, looked_at = [], set()
        for one in checked:
            path = self._name(one.path)
            looked_at.add(path)
            results.append(replace(one, findings=tuple(_new(one, path, left))))
        unused = sum(left.values())
        gone = sum(count for identity, count in left.items() if identity.path in looked_at)
        return Compared(tuple(results), all_known - unused, gone)

    def content(self, checked: Iterable[Checked]) -> bytes:
        """What to write into the file so that all findings of `checked` are known."""
        counts = Counter(identity for one in checked for _, identity in identified(one, self._name(one.path)))
        entries = [{**identity._asdict(), "count": count} for identity, count in sorted(counts.items())]
        return (json.dumps({"version": _VERSION, "findings": entries}, indent=1) + "\n").encode()

    def _name(self, path: str) -> str:
        try:
            return os.path.relpath(path, self._folder).replace(os.sep, "/")
        except ValueError:  # another drive
            return os.path.abspath(path).replace(os.sep, "/")

    def _read(self) -> Counter[Identity]:
        try:
            with open(self._path, "rb") as file:
                document = json.loads(file.read())
        except OSError as error:
            raise BaselineError(f"{self._path}: cannot be read: {error.strerror}") from error
        except (ValueError, RecursionError) as error:
            raise BaselineError(f"{self._path}: not valid JSON: {error}") from error
        version = document.get("version") if isinstance(document, dict) else None
        if version != _VERSION:
            raise BaselineError(f"{self._path}: is not a baseline of this version of torchconv-lint")
        try:
            return _counts(document["findings"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BaselineError(f"{self._path}: is damaged ({type(error).__name__}: {error})") from error


def _counts(entries: Iterable[dict[str, Any]]) -> Counter[Identity]:
    counts: Counter[Identity] = Counter()
    for entry in entries:
        counts[Identity(str(entry["path"]), str(entry["code"]), str(entry["text"]))] += int(entry["count"])
    return counts


def _new(checked: Checked, path: str, left: Counter[Identity]) -> Iterator[Finding]:
    for finding, identity in identified(checked, path):
        if left[identity] > 0:
            left[identity] -= 1
        else:
            yield finding
