"""From the paths that a user names to the files that are linted."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pathspec import GitIgnoreSpec

from torchconv_lint.model import Problem
from torchconv_lint.shell.gitignore import GitIgnore

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

# Folders that hold no code of the project's own.
_SKIPPED = frozenset(
    (
        *(".bzr", ".git", ".hg", ".svn", "CVS"),
        *(".direnv", ".eggs", ".nox", ".tox", ".venv", "venv", "__pypackages__", "node_modules", "site-packages"),
        *(".ipynb_checkpoints", ".mypy_cache", ".pytest_cache", ".ruff_cache", "__pycache__"),
    )
)


class Discovery:
    """Walks folders for Python files and notebooks, in sorted order, each file once."""

    def __init__(self, exclude: Iterable[tuple[Path, Iterable[str]]] = (), *, gitignore: bool = True) -> None:
        """`exclude`: patterns as in a .gitignore, each list with the folder that it starts from."""
        self._exclude = [(os.path.abspath(root), GitIgnoreSpec.from_lines(patterns)) for root, patterns in exclude]
        self._gitignore = gitignore
        self.problems: list[Problem] = []

    def files(self, paths: Iterable[str]) -> list[str]:
        """The files that `paths` mean: named files always, of named folders the Python files and notebooks
        that nothing excludes."""
        found: dict[str, str] = {}
        for path in paths:
            named = os.path.normpath(path)
            for file in self._walk(named) if os.path.isdir(named) else [named]:
                found.setdefault(os.path.abspath(file), file)
        return list(found.values())

    def excludes(self, path: str) -> bool:
        """True if `exclude` names this file or a folder that it is in."""
        return self._excluded(path, is_folder=False)

    def _walk(self, top: str) -> Iterator[str]:
        ignored = GitIgnore(top) if self._gitignore else None
        pending = [top]
        while pending:
            folder = pending.pop()
            subfolders: list[str] = []
            for entry in self._entries(folder):
                path = os.path.join(folder, entry.name) if folder != os.curdir else entry.name
                # Links to folders are not followed: what they show is linted where it lies, and they may go in circles.
                is_folder = entry.is_dir(follow_symlinks=False)
                if is_folder and (entry.name in _SKIPPED or os.path.exists(os.path.join(path, "pyvenv.cfg"))):
                    continue
                if not is_folder and not (entry.name.endswith((".py", ".ipynb")) and os.path.isfile(path)):
                    continue
                if self._excluded(path, is_folder) or (ignored and ignored.ignores(path, folder=is_folder)):
                    continue
                if is_folder:
                    subfolders.append(path)
                else:
                    yield path
            pending.extend(reversed(subfolders))

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self.problems.append(Problem(folder, 1, 1, f"cannot be read: {error.strerror}"))
            return []

    def _excluded(self, path: str, is_folder: bool) -> bool:
        absolute = os.path.abspath(path)
        for root, spec in self._exclude:
            inside = absolute.startswith(root.rstrip(os.sep) + os.sep)
            # Outside of the patterns' own folder only patterns for a bare name can be meant.
            relative = os.path.relpath(absolute, root) if inside else os.path.basename(absolute)
            if spec.match_file(relative + "/" if is_folder else relative):
                return True
        return False
