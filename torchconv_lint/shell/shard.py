"""One of several equal parts of a project's files, for machines that lint it together."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torchconv_lint.digest import digest

if TYPE_CHECKING:
    from collections.abc import Iterable

_WRITTEN = re.compile(r"([0-9]{1,6})/([0-9]{1,6})")


@dataclass(frozen=True, slots=True)
class Shard:
    """The `number`-th of `count` parts. Every file is in exactly one of them, in the same one on every machine, and
    stays there when other files come and go."""

    number: int
    count: int

    @classmethod
    def from_text(cls, text: str) -> Shard:
        """The shard written as "2/5". Raises `ValueError`."""
        found = _WRITTEN.fullmatch(text)
        number, count = (int(found[1]), int(found[2])) if found else (0, 0)
        if not 1 <= number <= count:
            raise ValueError(f"{text!r} is not a shard such as '1/4', the first of four")
        return cls(number, count)

    def of(self, files: Iterable[str]) -> list[str]:
        """Those of the files that belong to this shard."""
        return [file for file in files if _number(file) % self.count == self.number - 1]


def _number(file: str) -> int:
    """Machines have the project in different folders: its path from the working folder is what they share."""
    path = os.path.relpath(file).replace(os.sep, "/")
    return int(digest(path.encode("utf-8", "surrogateescape")), 16)
