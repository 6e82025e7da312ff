"""The class that an object of unknown origin is of, as its members and its name tell: for those who want what is seldom
sure. Parameters have no types as a rule; what they are called, and asked for, says as much to a reader."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from torchconv_lint.analysis.calling.tensor_methods import of_a_tensor
from torchconv_lint.analysis.domain.values import Instance
from torchconv_lint.analysis.domain.weights import object_of
from torchconv_lint.knowledge import numpy_ops

if TYPE_CHECKING:
    from torchconv_lint.analysis.run.interpreter import Interpreter
    from torchconv_lint.analysis.syntax.outline import ClassOutline

_BUILTIN = frozenset(name for type_ in (str, bytes, list, dict, set, tuple, int) for name in dir(type_))
_EVERYBODYS = frozenset(
    {
        "add",
        "args",
        "cfg",
        "close",
        "config",
        "data",
        "device",
        "dtype",
        "epoch",
        "eval",
        "fit",
        "fit_transform",
        "forward",
        "get",
        "hparams",
        "id",
        "load",
        "load_state_dict",
        "log",
        "logger",
        "model",
        "name",
        "net",
        "next",
        "open",
        "options",
        "parameters",
        "params",
        "path",
        "predict",
        "put",
        "read",
        "reset",
        "run",
        "sample",
        "save",
        "send",
        "size",
        "start",
        "state",
        "state_dict",
        "step",
        "stop",
        "to",
        "train",
        "training",
        "transform",
        "type",
        "write",
        "zero_grad",
    }
)
"""What objects of other libraries have as well."""

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


class LikelyClasses:
    """The classes of a file, and of those of the project's files that it imports from."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._in_sight: list[ClassOutline] | None = None
        self._having: dict[str, ClassOutline | None] = {}

    def having(self, member: str, path: str | None, this: object) -> Instance | None:
        """An object of the only class in sight with such a method or attribute, `this`'s own class aside. One that
        objects of other libraries have as well is asked for of what is called like the class."""
        if _is_anybodys(member):
            return self.called(path, this, member) if path is not None else None
        if member not in self._having:
            self._having[member] = self._only_one_with(member)
        return self._object(self._having[member], this)

    def called(self, path: str, this: object, member: str = "__call__") -> Instance | None:
        """An object of the only class in sight with such a method, by default one by which its objects can be called,
        whose name ends as `path` does: `scorer`, of a `RewardScorer`."""
        last = re.sub(r"\d+$", "", path.rpartition(".")[2].rpartition("_")[2])
        if len(last) < _SHORTEST or path == "self":
            return None
        named = [each for each in self._classes() if last.lower() in _ends_of(each.name) and member in each.methods]
        return self._object(named[0] if len(named) == 1 else None, this)

    def _object(self, class_: ClassOutline | None, this: object) -> Instance | None:
        if class_ is None or self._is_own(class_, this):
            return None
        return object_of(self._interpreter, class_, None)

    def _only_one_with(self, member: str) -> ClassOutline | None:
        found = [each for each in self._classes() if member in each.methods or member in each.stored]
        return found[0] if len(found) == 1 else None

    def _is_own(self, class_: ClassOutline, this: object) -> bool:
        """Whether it is the class, or an ancestor of the class, in whose method the object is looked at."""
        return isinstance(this, Instance) and class_ in self._interpreter.classes.bases(this.definition)

    def _classes(self) -> list[ClassOutline]:
        if self._in_sight is None:
            interpreter = self._interpreter
            self._in_sight = [*interpreter.outline.classes.values()]
            if interpreter.project is not None:
                names = [*interpreter.outline.imports.values(), *(f"{star}.any" for star in interpreter.outline.stars)]
                for file, source in interpreter.project.imported(interpreter.source.path, names):
                    self._in_sight += interpreter.of_file(file, source).outline.classes.values()
        return self._in_sight


_SHORTEST = 3
"""So many letters a name has at least that says what its object is: not `x`, nor `ds`."""


def _ends_of(name: str) -> set[str]:
    """The last word of a class's name, and its last two as one: "scorer", "rewardscorer"."""
    words = [word.lower() for word in _WORDS.findall(name)]
    return {words[-1], "".join(words[-2:])} if words else set()


@functools.cache
def _is_anybodys(member: str) -> bool:
    """Whether tensors, arrays, Python's own types or objects of other libraries have a member of this name."""
    if member in ("choose", "compress"):  # whoever asks an array for these is rare
        return False
    arrays = numpy_ops().method
    of_arrays = any(member in names for names in (arrays.view, arrays.maybe_view, arrays.copies))
    return member in _BUILTIN or member in _EVERYBODYS or of_arrays or of_a_tensor(member)
