"""Which file of the project an import means. Only names of files are looked at; none is read, and none parsed: a
result that is kept is checked by asking the same questions again, and that must be quick."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT_MARKS = (".git", "pyproject.toml", "setup.py", "setup.cfg")
_MAX_UP = 6
_OF_LIBRARIES = frozenset({"setup.py", "setup.cfg", "pyproject.toml"})
_OF_CHECKOUTS = frozenset({".git", "requirements.txt", "environment.yml", "README.md", "README.rst", "README"})


class Lookup(NamedTuple):
    """What was asked: the file whose import it is, the full name as it writes it, and the file that was found."""

    importer: str
    full_name: str
    found: str | None


@dataclass(slots=True)
class Consulted:
    """What a file's analysis has asked of its project. While the answers stay the same, so does what is said."""

    lookups: set[Lookup] = field(default_factory=set)
    contents: dict[str, str | None] = field(default_factory=dict)
    """From the files that were read to digests of their bytes; None: it could not be read."""


def forget() -> None:
    """Where modules are is looked up anew: for hosts that live while files come and go."""
    _roots.cache_clear()
    _under.cache_clear()
    _is_application.cache_clear()
    _marks.cache_clear()


def is_application(path: str) -> bool:
    """Whether the file belongs to a checkout that is not made to be installed: nobody else imports it. Of a file about
    which nothing around tells anything nobody knows, and it is none."""
    return _is_application(os.path.dirname(os.path.abspath(path)))


@functools.lru_cache(maxsize=4096)
def _marks(folder: str) -> frozenset[str]:
    """What in a folder tells a library or a checkout. Asked for by name: folders above may hold any number of files."""
    return frozenset(name for name in (*_OF_LIBRARIES, *_OF_CHECKOUTS) if os.path.exists(os.path.join(folder, name)))


@functools.lru_cache(maxsize=256)
def _is_application(folder: str) -> bool:
    found: set[str] = set()
    for _ in range(_MAX_UP + 2):
        found |= _marks(folder)
        if not _OF_LIBRARIES.isdisjoint(found) or ".git" in found:
            break
        folder = os.path.dirname(folder)
    return _OF_LIBRARIES.isdisjoint(found) and not _OF_CHECKOUTS.isdisjoint(found)


def locate(importer: str, full_name: str) -> tuple[str, str] | None:
    """The file that an import means, and the name in it. If one is to be found above the file's package and another one
    beside the file, which of them is meant depends on how the program is started: then nobody knows."""
    dots = len(full_name) - len(full_name.lstrip("."))
    parts = tuple(part for part in full_name.split(".") if part)
    folder = os.path.dirname(os.path.abspath(importer))
    for root in [_upwards(importer, dots)] if dots else _roots(folder):
        found = _under(str(root), parts)
        if found is not None:
            beside = found if dots else _under(folder, parts)
            return found if beside in (None, found) else None
    return None


def _upwards(importer: str, dots: int) -> str:
    folder = os.path.abspath(importer)
    for _ in range(dots):
        folder = os.path.dirname(folder)
    return folder


@functools.lru_cache(maxsize=256)
def _roots(folder: str) -> tuple[Path, ...]:
    """Where absolute imports start: above the package the file is in, beside the file, the folders up to the project's
    root."""

    def candidates() -> Iterator[Path]:
        top = Path(folder)
        while (top / "__init__.py").is_file():
            top = top.parent
        yield top
        yield Path(folder)
        for parent in [top, *top.parents][:_MAX_UP]:
            yield parent
            if any((parent / mark).exists() for mark in _ROOT_MARKS):
                yield parent / "src"
                return

    return tuple(dict.fromkeys(candidates()))


@functools.lru_cache(maxsize=4096)
def _under(root: str, parts: tuple[str, ...]) -> tuple[str, str] | None:
    folder = Path(root)
    for position, part in enumerate(parts[:-1]):
        module = folder / f"{part}.py"
        if module.is_file():
            return (str(module), parts[-1]) if position == len(parts) - 2 else None
        folder /= part
        if not folder.is_dir():
            return None
    package = folder / "__init__.py"
    return (str(package), parts[-1]) if package.is_file() else None
