"""Classes and what they inherit, in the linted file and in others of the project."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.annotations import annotated
from torchconv_lint.analysis.domain.values import Class, Const, Tensor, Value, join, just
from torchconv_lint.analysis.syntax.outline import dotted

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.frame import Definition
    from torchconv_lint.analysis.run.interpreter import Interpreter
    from torchconv_lint.analysis.syntax.outline import ClassOutline

_MODULE_BASES = frozenset({"Module", "LightningModule", "PreTrainedModel"})

_OF_ANOTHER = re.compile(r"^(?!torch\.|nn\.)\w+(\.\w+)*\.nn\.Module$")
"""The `nn.Module` of another library."""


class ClassLookup:
    """The classes that one file speaks of."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter

    def named(self, name: str) -> ClassOutline | None:
        """The class of this file, or of another of the project's, that a name in this file stands for."""
        interpreter = self._interpreter
        class_ = interpreter.outline.classes.get(name)
        if class_ is not None or interpreter.project is None:
            return class_
        if name.partition(".")[0] not in interpreter.outline.imports:
            return None
        for kind, _ in interpreter.imports.value(interpreter.outline.full_name(name)) or ():
            if isinstance(kind, Class):
                found: ClassOutline = kind.definition
                return found
        return None

    def bases(self, class_: ClassOutline) -> list[ClassOutline]:
        """The class and those of its ancestors that the project defines, nearest first."""
        shared = self._interpreter.shared
        known = shared.bases.get(class_)
        if known is not None:
            return known
        found = [class_]
        for current in found:
            home = self._interpreter.home(current)
            for base in current.bases:
                parent = home.classes.named(base)
                if parent is not None and parent not in found:
                    found.append(parent)
        shared.bases[class_] = found
        return found

    def external_bases(self, class_: ClassOutline) -> list[str]:
        """Full names of the ancestors that are defined elsewhere."""
        shared = self._interpreter.shared
        known = shared.external_bases.get(class_)
        if known is not None:
            return known
        found = []
        for current in self.bases(class_):
            home = self._interpreter.home(current)
            found += [home.outline.full_name(base) for base in current.bases if home.classes.named(base) is None]
        shared.external_bases[class_] = found
        return found

    def is_module(self, class_: ClassOutline) -> bool:
        """Whether it is an nn.Module."""
        return any(
            base.startswith("torch.nn.")
            or (base.rpartition(".")[2] in _MODULE_BASES and _OF_ANOTHER.search(base) is None)
            for base in self.external_bases(class_)
        )

    def method(self, class_: ClassOutline, name: str) -> tuple[Definition, set[str]] | None:
        """A method by name, and its decorators' names."""
        for current in self.bases(class_):
            function = current.methods.get(name)
            if function is not None:
                decorators = {(dotted(node) or "").rpartition(".")[2] for node in function.node.decorator_list}
                return self._interpreter.home(current).definitions.of(function), decorators
        return None

    def constant(self, class_: ClassOutline, name: str) -> Value | None:
        """An attribute of the class itself, if it is a constant or annotated."""
        for current in self.bases(class_):
            home, annotation = self._interpreter.home(current), current.annotations.get(name)
            promised = annotated(home, annotation, f"self.{name}", 1) if annotation is not None else None
            expression = current.constants.get(name)
            if not isinstance(expression, ast.Constant):
                if promised is not None:
                    return promised
                continue
            constant = just(Const(expression.value))
            if expression.value is None and any(isinstance(kind, Tensor) for kind, _ in promised or ()):
                return join(promised or (), constant)  # None unless somebody says otherwise
            return constant
        return None

    def written_attributes(self, class_: ClassOutline) -> frozenset[str]:
        """The attributes whose contents the class, or one that it inherits from, writes in place."""
        return frozenset().union(*(current.written for current in self.bases(class_)))
