"""What a module defines and passes on, read off its text: most questions about other files need no more than that."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from torchconv_lint.analysis.syntax.patterns import CONVERTING
from torchconv_lint.source import lines_with

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGES = "|".join(CONVERTING)
_CONVERTING = re.compile(
    rf"^[ \t]*(?:from[ \t]+(?:{_PACKAGES})\b[^\n]*?\bimport[ \t]+(\([^)]*\)|[^\n]*)"
    rf"|import[ \t]+((?:{_PACKAGES})\b[^\n]*))",
    re.MULTILINE,
)
_DEFINED = re.compile(r"^(?:def|class)[ \t]+(\w+)", re.MULTILINE)
_PASSED_ON = re.compile(r"^[ \t]*from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n]*)", re.MULTILINE)
_ASSIGNED = re.compile(r"^[ \t]{0,8}(?!def\b|class\b)([\w(][\w., \t()*]*)(?::[^\n=]+)?[-+*/|&@]?=(?!=)", re.MULTILINE)
_OTHERWISE = re.compile(r"^[ \t]*(?:import|for|with|async)[ \t]([^\n]*)|^[ \t]+(?:def|class)[ \t]+(\w+)", re.MULTILINE)
_NEXT = re.compile(r"^(?:async|def|class|if|for|try|with|import|from|\w+[ \t]*[=:.\[])|^@", re.MULTILINE)
_WORD = re.compile(r"\w+")


class Skimmed:
    """A module's text. Each question is answered once: with a search of all of it, or of the lines with a name."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._assigned: dict[str, bool] = {}
        self.converters: dict[str, bool] = {}
        """Functions of the module, and whether they convert what they are given (see sinks.py)."""

    def definition(self, name: str) -> str | None:
        """The text of the module's function or class `name`; None if the module does not define it."""
        begin = self._definitions.get(name)
        if begin is None:
            return None
        end = _NEXT.search(self.text, begin + 4)
        return self.text[begin : end.start() if end is not None else len(self.text)]

    def defines(self, name: str, keyword: str = "") -> bool:
        """Whether the module defines a function or a class of this name; `keyword`: one that begins with this."""
        return name in self._definitions and self.text.startswith(keyword, self._definitions[name])

    def may_assign(self, name: str) -> bool:
        """Whether the module may bind `name` otherwise than by a plain definition or `from … import`."""
        if name not in self._assigned:
            self._assigned[name] = any(self._binds(start, name) for start in lines_with(self.text, name))
        return self._assigned[name]

    def _binds(self, start: int, name: str) -> bool:
        """Whether the line that begins there does."""
        assigned, otherwise = _ASSIGNED.match(self.text, start), _OTHERWISE.match(self.text, start)
        names = (assigned[1] if assigned else "", (otherwise[1] or otherwise[2]) if otherwise else "")
        return any(name in _WORD.findall(each) for each in names)

    def passed_on(self, name: str) -> Iterator[str]:
        """What `name` may stand for in a module that has imported it: full names, as the module writes them."""
        for module, words in self._imports if name in self.text else ():
            if name in words:
                position = words.index(name)
                original = words[position - 2] if position > 1 and words[position - 1] == "as" else name
                yield f"{module}{'' if module.endswith('.') else '.'}{original}"

    @functools.cached_property
    def stars(self) -> list[str]:
        """The modules of which it imports everything."""
        return [module for module, words in self._imports if not words]

    @functools.cached_property
    def converting(self) -> frozenset[str]:
        """The names that it gives to packages which convert tensors, and to what it imports of them."""
        return frozenset(
            word for found in _CONVERTING.finditer(self.text) for word in _WORD.findall(found[1] or found[2])
        )

    @functools.cached_property
    def _definitions(self) -> dict[str, int]:
        return {found[1]: found.start() for found in _DEFINED.finditer(self.text)}

    @functools.cached_property
    def _imports(self) -> list[tuple[str, list[str]]]:
        """Modules, and the names that are imported from them; no names for a star."""
        return [(found[1], _WORD.findall(found[2])) for found in _PASSED_ON.finditer(self.text)]
