"""What a report is made from, and how its places are named."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchconv_lint.model import Finding, Problem
    from torchconv_lint.shell.checked import Checked

# Where GitHub and GitLab have put the repository. Their pages know files by the path from there.
_CHECKOUTS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")


@dataclass(frozen=True, slots=True)
class Run:
    """Everything that one run says: the files in their order, and the problems of files and folders."""

    checked: tuple[Checked, ...] = ()
    problems: tuple[Problem, ...] = ()

    def findings(self) -> Iterator[Finding]:
        """All findings, in the order of the files."""
        for one in self.checked:
            yield from one.findings


def from_root(path: str) -> str:
    """`path` from the repository's root where CI names it, otherwise from this folder; always with "/"."""
    absolute = os.path.abspath(path)
    for root in (*(os.environ.get(name) for name in _CHECKOUTS), os.getcwd()):
        if root and absolute.startswith(os.path.join(os.path.abspath(root), "")):
            return os.path.relpath(absolute, root).replace(os.sep, "/")
    return absolute.replace(os.sep, "/")
