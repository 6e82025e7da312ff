"""Results of earlier runs, for files that have not changed since, nor anything else that has a say in the result."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import TYPE_CHECKING

from torchconv_lint import __version__
from torchconv_lint.analysis.elsewhere.locate import is_application, locate
from torchconv_lint.digest import digest
from torchconv_lint.shell.checked import Checked
from torchconv_lint.shell.packing import packed, unpacked
from torchconv_lint.shell.store import FOLDER, Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchconv_lint.analysis.elsewhere.locate import Consulted
    from torchconv_lint.settings import Settings
    from torchconv_lint.shell.check import Checker

__all__ = ["FOLDER", "Memory", "remembering"]


@contextlib.contextmanager
def remembering(folder: str | None, checker: Checker) -> Iterator[Memory | None]:
    """The memory in this folder, for as long as a run takes; none without a folder."""
    if folder is None:
        yield None
    else:
        with Store(folder) as store:
            yield Memory(store, checker)


class Memory:
    """What is known from earlier runs with the same checker, program and working folder."""

    def __init__(self, store: Store, checker: Checker | tuple[str, Settings]) -> None:
        self._store = store
        # Findings name files as the user does, so the folder that names start from belongs to the result.
        self._circumstances = [_program(), repr(checker), os.getcwd()]
        self._digests: dict[str, str | None] = {}

    def recall(self, path: str) -> Checked | None:
        """The result for the file at `path` as it is now; None if it is not known."""
        content = self._digest(path)
        return self.recall_content(path, content) if content else None

    def recall_content(self, path: str, content: str) -> Checked | None:
        """The result for a file at `path` whose content has this digest; None if it is not known."""
        text = self._store.get(self._key(path, content))
        if not text:
            return None
        try:
            checked = unpacked(path, content, text)
            return checked if checked.consulted is None or self._holds(checked.consulted) else None
        except (ValueError, TypeError, LookupError):  # whatever has become of it, the file is linted anew
            return None

    def keep(self, checked: Checked) -> None:
        """Remember a result. What went wrong may go right the next time: it is not kept."""
        if checked.digest and not checked.problems:
            self._store.put(self._key(checked.path, checked.digest), packed(checked))

    def _key(self, path: str, content: str) -> str:
        return digest(json.dumps([*self._circumstances, path, content, is_application(path)]).encode())

    def _holds(self, consulted: Consulted) -> bool:
        """Whether the project still gives the answers that the result rests on."""
        return all(self._digest(path) == content for path, content in consulted.contents.items()) and all(
            _found(lookup.importer, lookup.full_name) == lookup.found for lookup in consulted.lookups
        )

    def _digest(self, path: str) -> str | None:
        if path not in self._digests:
            try:
                with open(path, "rb") as file:
                    self._digests[path] = digest(file.read())
            except (OSError, ValueError):
                self._digests[path] = None
        return self._digests[path]


def _found(importer: str, full_name: str) -> str | None:
    located = locate(importer, full_name)
    return located and located[0]


def _program() -> str:
    """What tells this program from another version of it, under development as well: its files and their times."""
    import importlib.util

    import torchconv_lint

    parts = [__version__, sys.version]
    spec = importlib.util.find_spec("libcst")
    for folder in [*torchconv_lint.__path__, os.path.dirname((spec and spec.origin) or "")]:
        parts += sorted(_stamps(folder, deep=folder in torchconv_lint.__path__))
    return digest("\n".join(parts).encode("utf-8", "surrogateescape"))


def _stamps(folder: str, *, deep: bool) -> list[str]:
    stamps: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir():
                    stamps += _stamps(entry.path, deep=True) if deep else []
                elif entry.name.endswith((".py", ".json")):
                    stat = entry.stat()
                    stamps.append(f"{entry.path} {stat.st_size} {stat.st_mtime_ns}")
    except OSError:
        pass
    return stamps
