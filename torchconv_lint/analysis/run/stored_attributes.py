"""What the methods of classes store in the attributes of their objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.values import (
    NOTHING,
    UNKNOWN,
    Const,
    Mapping,
    Opaque,
    Sequence,
    Tensor,
    Value,
    join,
)
from torchconv_lint.analysis.telling.sharing import memories
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.values import Memory
    from torchconv_lint.analysis.run.interpreter import Interpreter
    from torchconv_lint.analysis.syntax.outline import ClassOutline, FunctionOutline

_MOST_METHODS = 4
"""Of the methods that store something in an attribute so many are looked at."""


class StoredAttributes:
    """The attributes that one file asks for: methods are evaluated to find out."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._known: dict[tuple[ClassOutline, str], Value] = {}
        self._missed: dict[FunctionOutline, set[str]] = {}

    def value(self, class_: ClassOutline, name: str) -> Value:
        """What the methods of the class store in `self.name`; NOTHING if none does (or that is not known yet)."""
        key = (class_, name)
        known = self._known.get(key)
        if known is not None:
            return known
        found: list[Value] = []
        complete, aside = True, False
        for method in self._storing(class_, name)[:_MOST_METHODS]:
            home = self._interpreter.home(method.owner)
            if method in self._interpreter.shared.entering:
                complete = False
                home.attributes._missed.setdefault(method, set()).add(name)
                aside = aside or method.name == "__init__"
                continue
            if not home.calls.is_worth(method):
                aside = aside or method.name == "__init__"
                continue
            value = home.entry(method).attributes.get(name)
            if value:
                found.append(value)
                if method.name == "__init__" and not _may_grow(value):
                    break
        if aside and found:  # what it is at first is not looked at: something else, as a rule, than what it becomes
            found.append(UNKNOWN)
        result = _by_choice(join(*found)) if found else NOTHING
        if complete:
            self._known[key] = result
        return result

    def _storing(self, class_: ClassOutline, name: str) -> list[FunctionOutline]:
        """The methods that store something in the attribute, `__init__` first."""
        methods: list[FunctionOutline] = []
        overridden: set[str] = set()
        for current in self._interpreter.classes.bases(class_):
            methods += [method for method in current.stored.get(name, ()) if method.name not in overridden]
            overridden |= current.methods.keys()
        methods.sort(key=lambda method: method.name != "__init__")
        return methods

    def take_missed(self, method: FunctionOutline) -> set[str]:
        """The attributes that were asked for while the method that stores them was running."""
        return self._missed.pop(method, set())

    def add(self, class_: ClassOutline, name: str, value: Value) -> None:
        """The next call of a method finds this in `self.name`, too."""
        self._known[class_, name] = join(self.value(class_, name), value)

    def stored_later(self, class_: ClassOutline) -> list[tuple[str, Value]]:
        """What methods other than `__init__` store in the attributes of a class's objects."""
        interpreter = self._interpreter
        found = []
        overridden = {"__init__"}
        for current in interpreter.classes.bases(class_):
            for name, methods in current.stored.items():
                for method in methods:
                    if method.name in overridden or method in interpreter.shared.entering:
                        continue
                    value = interpreter.entry(method).attributes.get(name) if interpreter.calls.is_worth(method) else ()
                    if value:
                        found.append((name, value))
            overridden |= current.methods.keys()
        return found

    def sharing(self, class_: ClassOutline, key: Any) -> list[tuple[str, Memory]]:
        """Attributes whose stored value looks at the memory of another attribute."""
        return [
            (name, memory)
            for current in self._interpreter.classes.bases(class_)
            for name in current.stored
            for memory in memories(self.value(class_, name))
            if memory.key == key
        ]


def _by_choice(value: Value) -> Value:
    """A parameter that one object trains and another does not, as their makers chose: which this is, is not known."""
    asked = {kind.grad.value for kind, _ in value if isinstance(kind, Tensor) and kind.grad is not None}
    if len(asked) < 2:
        return value
    return tuple(
        alt._replace(kind=replace(alt.kind, grad=alt.kind.grad.weaker(Confidence.POSSIBLE)))
        if isinstance(alt.kind, Tensor) and alt.kind.grad is not None
        else alt
        for alt in value
    )


def _may_grow(value: Value) -> bool:
    """Whether what `__init__` stores is a placeholder or a container that other methods fill."""
    return any(
        isinstance(kind, Sequence | Mapping | Opaque)
        or (isinstance(kind, Const) and (kind.value is None or type(kind.value) in (int, float)))
        for kind, _ in value
    )
