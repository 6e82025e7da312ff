"""The other files of the project a file belongs to: found from its path, read when something asks what they define."""

from __future__ import annotations

import ast
import functools
from pathlib import Path
from typing import TYPE_CHECKING

from torchconv_lint.analysis.outline import FileOutline, outline
from torchconv_lint.mentions import mentions_tensors
from torchconv_lint.source import Source, UnreadableSource

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_MODULES = 8
"""So many other files are read for one file at most."""
MAX_BYTES = 400_000
"""Files larger than this are not read."""
MAX_HOPS = 5
"""How often a name may be imported on (`from .a import f` in a package's `__init__`)."""
_ROOT_MARKS = (".git", "pyproject.toml", "setup.py", "setup.cfg")
_MAX_UP = 6


class Project:
    """What can be imported from where `path` is. Nothing is read before it is asked for, and nothing is executed."""

    def __init__(self, path: str) -> None:
        self._read: set[str] = {str(Path(path).absolute())}

    def find(self, importer: str, full_name: str) -> tuple[FileOutline, Source, str] | None:
        """Where `full_name`, as an import in the file `importer` writes it, is defined: outline and source of that
        file, and the name there. None if it is not a function, class or variable of one of the project's files."""
        for _ in range(MAX_HOPS):
            located = _locate(importer, full_name)
            if located is None:
                return None
            path, name = located
            module = self._module(path)
            if module is None:
                return None
            file, source = module
            if name in file.assigned:
                return file, source, name
            if name in file.functions or name in file.classes:
                return (file, source, name) if mentions_tensors(source.text) else None
            onwards = file.imports.get(name)
            if onwards is None:
                return self._starred(path, file, name)
            importer, full_name = path, onwards
        return None

    def _module(self, path: str) -> tuple[FileOutline, Source] | None:
        if path not in self._read:
            if len(self._read) > MAX_MODULES:
                return None
            self._read.add(path)
        try:
            stat = Path(path).stat()
        except OSError:
            return None
        return _outlined(path, stat.st_mtime_ns, stat.st_size)

    def _starred(self, path: str, file: FileOutline, name: str) -> tuple[FileOutline, Source, str] | None:
        """The name in a module that is imported with a star."""
        for star in file.stars:
            located = _locate(path, f"{star}{'' if star.endswith('.') else '.'}{name}")
            module = self._module(located[0]) if located is not None else None
            if module is not None and (name in module[0].functions or name in module[0].classes):
                return *module, name
        return None


@functools.lru_cache(maxsize=64)
def _outlined(path: str, _mtime: int, size: int) -> tuple[FileOutline, Source] | None:
    """A file's outline; None if it cannot be read or parsed. Kept while the file does not change: the files of a
    package ask for the same few modules again and again."""
    if size > MAX_BYTES:
        return None
    try:
        source = Source.from_bytes(path, Path(path).read_bytes())
        return outline(ast.parse(source.text)), source
    except (OSError, UnreadableSource, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def forget() -> None:
    """Where modules are is looked up anew: for hosts that live while files come and go."""
    _roots.cache_clear()
    _under.cache_clear()


def _locate(importer: str, full_name: str) -> tuple[str, str] | None:
    """The file that an import means, and the name in it."""
    dots = len(full_name) - len(full_name.lstrip("."))
    parts = tuple(part for part in full_name.split(".") if part)
    for root in [_upwards(importer, dots)] if dots else _roots(str(Path(importer).absolute().parent)):
        found = _under(str(root), parts)
        if found is not None:
            return found
    return None


def _upwards(importer: str, dots: int) -> Path:
    folder = Path(importer).absolute().parent
    for _ in range(dots - 1):
        folder = folder.parent
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
