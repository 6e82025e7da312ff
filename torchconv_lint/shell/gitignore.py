"""What the .gitignore files say, nested ones too."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from pathspec import GitIgnoreSpec

if TYPE_CHECKING:
    from collections.abc import Iterator


class GitIgnore:
    """The .gitignore files that hold for what lies below the folder `root`."""

    def __init__(self, root: str) -> None:
        self._root = os.path.abspath(root)
        # What the user names is linted even where a .gitignore above it says otherwise.
        self._top = self._root
        top = _repository(self._root)
        if top is not None and not self._ignored(self._root + os.sep, top):
            self._top = top

    def ignores(self, path: str, *, folder: bool) -> bool:
        """True if `path`, somewhere below the root, is ignored."""
        absolute = os.path.abspath(path)
        return self._ignored(absolute + os.sep if folder else absolute, self._top)

    @staticmethod
    def _ignored(path: str, top: str) -> bool:
        """The nearest .gitignore that says anything about `path` decides."""
        for folder in _folders_up(os.path.dirname(path.rstrip(os.sep)), top):
            spec = _spec(folder)
            if spec is not None:
                # `relpath` would drop the separator at the end that tells a folder from a file.
                relative = path[len(folder.rstrip(os.sep)) + 1 :]
                verdict = spec.check_file(relative).include
                if verdict is not None:
                    return verdict
        return False


def _folders_up(folder: str, top: str) -> Iterator[str]:
    """`folder` and the ones above it, as far as `top`."""
    while True:
        yield folder
        parent = os.path.dirname(folder)
        if folder == top or parent == folder:
            return
        folder = parent


def _repository(folder: str) -> str | None:
    """The root of the git repository (or worktree) that holds `folder`."""
    return next((above for above in _folders_up(folder, "") if os.path.exists(os.path.join(above, ".git"))), None)


@cache
def _spec(folder: str) -> GitIgnoreSpec | None:
    try:
        with open(os.path.join(folder, ".gitignore"), encoding="utf-8", errors="surrogateescape") as file:
            return GitIgnoreSpec.from_lines(file)
    except (OSError, ValueError):  # none there, or none that git itself could make sense of
        return None
