"""The other files of the project a file belongs to: found from its path, read when something asks what they define."""

from __future__ import annotations

import ast
import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING

from torchconv_lint.analysis.elsewhere.locate import Consulted, Lookup, locate
from torchconv_lint.analysis.elsewhere.sinks import converts, is_converter, methods
from torchconv_lint.analysis.elsewhere.skimming import Skimmed
from torchconv_lint.analysis.syntax.outline import FileOutline, outline
from torchconv_lint.digest import digest
from torchconv_lint.mentions import mentions_tensors
from torchconv_lint.source import Source, UnreadableSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_MODULES = 8
"""So many other files are read for one file at most."""
MAX_BYTES = 400_000
"""Files larger than this are not read."""
MAX_STARS = 8
"""In so many modules of which one imports everything a name is looked for."""
MAX_HOPS = 5
"""How often a name may be imported on (`from .a import f` in a package's `__init__`)."""


class Project:
    """What can be imported from where `path` is. Nothing is read before it is asked for, and nothing is executed.
    `thorough`: also what files define that cannot meet torch but in what they are given, such as those that draw."""

    def __init__(self, path: str) -> None:
        self.thorough = False
        self._read: set[str] = {os.path.abspath(path)}
        self._found: dict[tuple[str, str], tuple[FileOutline, Source, str] | None] = {}
        self.consulted = Consulted()

    def find(self, importer: str, full_name: str) -> tuple[FileOutline, Source, str] | None:
        """Where `full_name`, as an import in the file `importer` writes it, is defined: outline and source of that
        file, and the name there. None if it is not a function, class or variable of one of the project's files.

        Most questions are answered by a search of the text, and the file that has the answer is parsed: parsing all on
        the way took half of the time spent on other files (measured)."""
        return self._find(importer, full_name, MAX_HOPS)

    def _find(self, importer: str, full_name: str, hops: int) -> tuple[FileOutline, Source, str] | None:
        located = self._locate(importer, full_name) if hops else None
        if located is None:
            return None
        if located not in self._found:
            self._found[located] = None  # meanwhile: modules that pass names on to each other
            self._found[located] = self._in_module(*located, hops)
        return self._found[located]

    def _in_module(self, path: str, name: str, hops: int) -> tuple[FileOutline, Source, str] | None:
        text = self._text(path)
        if not text.may_assign(name):
            if not text.defines(name):
                return self._first(path, self._passed_on(path, text, name), hops)
            if not self._is_about_tensors(text.text):
                return None
        module = self._module(path)
        if module is None:
            return None
        file, source = module
        if name in file.assigned:
            return file, source, name
        if name in file.functions or name in file.classes:
            return (file, source, name) if self._is_about_tensors(source.text) else None
        onwards = [file.imports[name]] if name in file.imports else self._passed_on(path, text, name)
        return self._first(path, onwards, hops)

    def _is_about_tensors(self, text: str) -> bool:
        return self.thorough or mentions_tensors(text)

    def _passed_on(self, path: str, text: Skimmed, name: str) -> Iterator[str]:
        """What a name may stand for in a module that imports it, by its name or with a star."""
        yield from text.passed_on(name)
        for star in text.stars[:MAX_STARS]:
            full_name = f"{star}{'' if star.endswith('.') else '.'}{name}"
            located = self._locate(path, full_name)
            if located is not None and self._text(located[0]).defines(name):
                yield full_name

    def _first(self, importer: str, full_names: Iterable[str], hops: int) -> tuple[FileOutline, Source, str] | None:
        """The first of these names that is to be found."""
        return next(filter(None, (self._find(importer, name, hops - 1) for name in full_names)), None)

    def imported(self, importer: str, full_names: Iterable[str]) -> Iterator[tuple[FileOutline, Source]]:
        """The files of the project that these names, as imports in the file `importer` write them, come from."""
        located = (self._locate(importer, full_name) for full_name in full_names)
        for path in dict.fromkeys(found[0] for found in located if found is not None):
            module = self._module(path)
            if module is not None:
                yield module

    def converters(self, importer: str, full_names: Iterable[str], called: frozenset[str]) -> dict[str, set[str]]:
        """Of these names, as imports in the file `importer` write them, the functions that seem to convert what they
        are given, and the methods among `called` that do of those which are classes: each with the names of these."""
        found: dict[str, set[str]] = {}
        for full_name in full_names:
            text, name = self._defined(importer, full_name, MAX_HOPS)
            code = text.definition(name)
            if code is None:
                continue
            if not code.startswith("class"):
                if is_converter(text, name):
                    found.setdefault(full_name, set())
                continue
            for method, body in methods(code, called):
                if converts(text, body):
                    found.setdefault(method, set()).add(name)
        return found

    def _defined(self, importer: str, full_name: str, hops: int) -> tuple[Skimmed, str]:
        """The text of the file that defines a name, and the name there; an empty text if there is none."""
        located = self._locate(importer, full_name) if hops else None
        if located is None:
            return _EMPTY, ""
        path, name = located
        text = self._text(path)
        if text.defines(name):
            return text, name
        for onwards in self._passed_on(path, text, name):
            found = self._defined(path, onwards, hops - 1)
            if found[1]:
                return found
        return _EMPTY, ""

    def _text(self, path: str) -> Skimmed:
        """The text of a file, which may or may not be one that Python can parse."""
        try:
            stat = os.stat(path)
        except OSError:
            self.consulted.contents[path] = None
            return _EMPTY
        self.consulted.contents[path], text = _skimmed(path, stat.st_mtime_ns, stat.st_size)
        return text

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
            stat = os.stat(path)
        except OSError:
            self.consulted.contents[path] = None
            return None
        self.consulted.contents[path], module = _outlined(path, stat.st_mtime_ns, stat.st_size)
        return module


_EMPTY = Skimmed("")


@functools.lru_cache(maxsize=256)
def _skimmed(path: str, mtime: int, size: int) -> tuple[str | None, Skimmed]:
    """A digest of a file and its text; an empty one if it is too large or cannot be read."""
    content, source = _source(path, mtime, size)
    return content, _EMPTY if source is None else Skimmed(source.text)


@functools.lru_cache(maxsize=4)
def _outlined(path: str, mtime: int, size: int) -> tuple[str | None, tuple[FileOutline, Source] | None]:
    """A digest of a file and its outline; None if it cannot be read or parsed. Kept while the file does not change: the
    files of a package ask for the same few modules again and again."""
    content, source = _source(path, mtime, size)
    try:
        return content, None if source is None else (outline(ast.parse(source.text)), source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return content, None


@functools.lru_cache(maxsize=256)
def _source(path: str, _mtime: int, size: int) -> tuple[str | None, Source | None]:
    """A digest of a file and what is in it; None if it is too large or cannot be read."""
    try:
        data = Path(path).read_bytes()
    except OSError:
        return None, None
    try:
        return digest(data), Source.from_bytes(path, data) if size <= MAX_BYTES else None
    except UnreadableSource:
        return digest(data), None
