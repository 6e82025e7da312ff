"""The other files of the project a file belongs to: found from its path, read when something asks what they define."""

from __future__ import annotations

import ast
import functools
from pathlib import Path

from torchconv_lint.analysis.locate import Consulted, Lookup, locate
from torchconv_lint.analysis.outline import FileOutline, outline
from torchconv_lint.digest import digest
from torchconv_lint.mentions import mentions_tensors
from torchconv_lint.source import Source, UnreadableSource

MAX_MODULES = 8
"""So many other files are read for one file at most."""
MAX_BYTES = 400_000
"""Files larger than this are not read."""
MAX_HOPS = 5
"""How often a name may be imported on (`from .a import f` in a package's `__init__`)."""


class Project:
    """What can be imported from where `path` is. Nothing is read before it is asked for, and nothing is executed."""

    def __init__(self, path: str) -> None:
        self._read: set[str] = {str(Path(path).absolute())}
        self.consulted = Consulted()

    def find(self, importer: str, full_name: str) -> tuple[FileOutline, Source, str] | None:
        """Where `full_name`, as an import in the file `importer` writes it, is defined: outline and source of that
        file, and the name there. None if it is not a function, class or variable of one of the project's files."""
        for _ in range(MAX_HOPS):
            located = self._locate(importer, full_name)
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

    def _locate(self, importer: str, full_name: str) -> tuple[str, str] | None:
        located = locate(importer, full_name)
        self.consulted.lookups.add(Lookup(importer, full_name, located and located[0]))
        return located

    def _module(self, path: str) -> tuple[FileOutline, Source] | None:
        if path not in self._read:
            if len(self._read) > MAX_MODULES:
                return None
            self._read.add(path)
        try:
            stat = Path(path).stat()
        except OSError:
            self.consulted.contents[path] = None
            return None
        self.consulted.contents[path], module = _outlined(path, stat.st_mtime_ns, stat.st_size)
        return module

    def _starred(self, path: str, file: FileOutline, name: str) -> tuple[FileOutline, Source, str] | None:
        """The name in a module that is imported with a star."""
        for star in file.stars:
            located = self._locate(path, f"{star}{'' if star.endswith('.') else '.'}{name}")
            module = self._module(located[0]) if located is not None else None
            if module is not None and (name in module[0].functions or name in module[0].classes):
                return *module, name
        return None


@functools.lru_cache(maxsize=4)
def _outlined(path: str, _mtime: int, size: int) -> tuple[str | None, tuple[FileOutline, Source] | None]:
    """A digest of a file and its outline; None if it cannot be read or parsed. Kept while the file does not change: the
    files of a package ask for the same few modules again and again."""
    try:
        data = Path(path).read_bytes()
    except OSError:
        return None, None
    if size > MAX_BYTES:
        return digest(data), None
    try:
        source = Source.from_bytes(path, data)
        return digest(data), (outline(ast.parse(source.text)), source)
    except (UnreadableSource, SyntaxError, ValueError, RecursionError, MemoryError):
        return digest(data), None
