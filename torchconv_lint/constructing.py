"""What goes into constructors of tensors and arrays, as far as the sieve has to know it: words such as "tensor(list)".

Looked at are the arguments of `torch.tensor(…)` and relatives and of `np.array(…)`, and what names in them were bound
to in the same function; nothing is evaluated.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchconv_lint.analysis.syntax.walking import walk
from torchconv_lint.code_forms import last_name

if TYPE_CHECKING:
    from collections.abc import Iterable

_TENSORS = frozenset({"tensor", "as_tensor", "new_tensor", "Tensor", "FloatTensor", "DoubleTensor", "LongTensor"})
_TENSORS |= {"IntTensor", "ByteTensor", "BoolTensor", "HalfTensor"}
_LEGACY = _TENSORS - {"tensor", "as_tensor", "new_tensor"}
REFUSED = {
    "from_numpy": frozenset({"dtype", "device", "requires_grad", "copy"}),
    "as_tensor": frozenset({"requires_grad", "copy", "pin_memory"}),
    "asarray": frozenset({"pin_memory"}),
    "Tensor": frozenset({"dtype", "requires_grad", "pin_memory", "layout"}),
}
"""Keywords that people expect and that raise a TypeError (measured); `Tensor` stands for its relatives too."""
_LIKE = frozenset({"zeros_like", "ones_like", "empty_like"})
_BUFFERS = frozenset({"zeros", "ones", "empty", "full"})
_ARRAYS = frozenset({"array", "asarray", "asanyarray"})
_ITERATORS = frozenset({"map", "zip", "filter", "enumerate", "reversed", "set", "frozenset", "iter"})
_VIEWS = frozenset({"values", "keys", "items"})
_INTEGERS = frozenset({"randint", "randperm", "arange", "LongTensor", "IntTensor", "long"})
_NO_NUMBERS = frozenset({"object", "object_", "str_", "bytes_", "datetime64", "timedelta64"})


_COPYING = frozenset({"copy", "astype", "tolist"})
"""Methods of arrays whose results do not share the strides of what they are called on."""

_NAMING = frozenset({ast.Constant, ast.Name, ast.Attribute})
"""What may name a dtype."""

Names = set[str] | frozenset[str]


class Constructing:
    """Collects the constructors of one function. `optional` are its parameters whose default is None."""

    def __init__(self) -> None:
        self.optional: set[str] = set()
        self._into_tensor: list[ast.expr] = []
        self._into_array: list[ast.expr] = []
        self._bindings: list[tuple[set[str], ast.expr, Iterable[str]]] = []
        self._bound: dict[str, set[str]] = {}
        self._within: dict[str, set[str]] = {}
        self._words: set[str] = set()
        self.turned: list[ast.Subscript] = []
        """Subscripts with a negative step."""
        self._rows: set[ast.expr] = set()  # what loops go through, and what is copied where it stands
        self._others: set[str] = set()  # names that are bound to what nothing is known of

    def call(self, node: ast.Call, name: str) -> None:
        """A call of something with this last name."""
        for argument in node.args:
            if argument.__class__ in _NAMING:
                self._named(argument)
        if node.keywords:
            self._keywords(node.keywords, name)
        if name in _COPYING and isinstance(node.func, ast.Attribute):
            self._rows.add(node.func.value)
        elif name == "view" and (node.keywords or (len(node.args) == 1 and _may_be_dtype(node.args[0]))):
            self._words.add("view(dtype)")
        elif name.endswith("_"):
            filled = node.args[0] if node.args else node.func.value if isinstance(node.func, ast.Attribute) else node
            if _is_constructor(filled):
                self._words.add("tensor(filled)")
        if not node.args:
            return
        if name == "isinstance" and isinstance(node.args[0], ast.Subscript):
            self.append(node.args[0].value, node)  # whoever asks what the first one is has a list of such
        elif name in _TENSORS:
            self._into_tensor.append(node.args[0])
            if isinstance(node.args[0], ast.Tuple) and _holds_integers(node.args[0]):
                self._words.add("tensor(sizes)")
        elif name in _ARRAYS:
            self._into_array.append(node.args[0])
        elif name == "Parameter" and any(
            isinstance(child, ast.Attribute) and child.attr in _INTEGERS for child in walk(node.args[0])
        ):
            self._words.add("Parameter(integers)")

    def _keywords(self, keywords: list[ast.keyword], name: str) -> None:
        refused = REFUSED["Tensor"] if name in _LEGACY else REFUSED.get(name, ())
        for keyword in keywords:
            if keyword.value.__class__ in _NAMING:
                self._named(keyword.value)
            if keyword.arg in refused:
                self._words.add("keyword refused")
            if keyword.arg == "device" and name in _BUFFERS and _is_device(keyword.value):
                self._words.add("buffer(device)")

    def _named(self, argument: ast.expr) -> None:
        """An argument that may name a dtype."""
        if isinstance(argument, ast.Constant):
            value = argument.value
            if value.__class__ is not str:
                return
            if value[:1] == ">":
                self._words.add(">")
            elif value == "O" or value.startswith(("datetime64", "timedelta64", "object")):
                self._words.add("array(objects)")
        elif last_name(argument) in _NO_NUMBERS:
            self._words.add("array(objects)")

    def operand(self, node: ast.expr) -> None:
        """Something is computed with."""
        if isinstance(node, ast.Call) and node.args and last_name(node.func) in _LEGACY:
            self._words.add("numbers unfilled")

    def bind(self, names: set[str], value: ast.expr, sources: Iterable[str]) -> None:
        """Names are bound to a value, in which these names are."""
        self._bindings.append((names, value, sources))

    def append(self, node: ast.expr, item: ast.expr) -> None:
        """Something is appended to `node`."""
        if isinstance(node, ast.Name):
            self._bound.setdefault(node.id, set()).add("list")
            self._within.setdefault(node.id, set()).update(_names(item))

    def loop(self, names: set[str], source: ast.expr) -> None:
        """A loop goes through something: of `for row in a[::-1]` the rows are as they were."""
        self._others |= names
        while isinstance(source, ast.Subscript) and isinstance(source.slice, ast.Slice):
            self._rows.add(source)
            source = source.value

    def words(self, arrays: Names, tensors: Names, local: Names, written: Names, parameters: Names) -> set[str]:
        """What was found. `arrays` and `tensors` (of known size): names that stand for them, or for NumPy and torch;
        `local`: functions of the file, of which any may give an array; `written`: what is written in place."""
        if written:
            for names, value, _ in self._bindings:
                if not names.isdisjoint(written) and _makes_integers(value):
                    self._words.add("stored(integers)")
        if not (self.turned or self._into_tensor or self._into_array):
            return self._words
        self._look_up()
        if self.turned:
            self._others |= parameters
            if any(node not in self._rows and not self._is_list(node.value) for node in self.turned):
                self._words.add("[::-1]")
        for argument in self._into_tensor:
            kinds, names = self._kinds(argument), _names(argument)
            self._words.update(f"tensor({what})" for what in kinds)
            given = {name for name in names if "call" in self._bound.get(name, ())}
            called = set().union(*(self._within[name] for name in given))
            if not arrays.isdisjoint(names) or (arrays and not local.isdisjoint(called)):
                self._words.add("tensor(array)")
            if isinstance(argument, ast.Name):
                names = self._within.get(argument.id, set())
            if "iterable" in kinds:  # `zip(*rows)`
                names = names.union(*(self._within.get(name, ()) for name in names))
            if not kinds.isdisjoint(("list", "iterable")) and not tensors.isdisjoint(names):
                self._words.add("tensor(tensors)")
        for argument in self._into_array:
            if (
                "iterable" in self._kinds(argument)
                or _holds_no_number(argument)
                or (isinstance(argument, ast.Name) and argument.id in self.optional)
            ):
                self._words.add("array(objects)")
        return self._words

    def _look_up(self) -> None:
        """What names are bound to, by what nothing but constructors and turned arrays are asked for."""
        for names, value, sources in self._bindings:
            what = _what(value)
            if not what:
                self._others |= names
                continue
            for name in names:
                self._bound.setdefault(name, set()).add(what)
                self._within.setdefault(name, set()).update(sources)

    def _is_list(self, node: ast.expr) -> bool:
        """Whether it can be nothing but a list, by all that its name is bound to here."""
        if not isinstance(node, ast.Name):
            return isinstance(node, ast.ListComp)
        return self._kinds(node) == {"list"} and node.id not in self._others

    def _kinds(self, node: ast.expr) -> set[str]:
        if isinstance(node, ast.Name):
            return self._bound.get(node.id, set())
        what = _what(node)
        return {what} if what else set()


def _names(node: ast.expr) -> set[str]:
    return {child.id for child in walk(node) if child.__class__ is ast.Name}


def _what(node: ast.expr) -> str:
    """ "list" for a list of more than constants, "iterable" for what has no length or index, "call" for what a function
    gives, else ""."""
    what = _WHAT.get(node.__class__)
    if what is not None:
        return what
    if isinstance(node, ast.List | ast.Tuple):
        return "" if node.elts and all(isinstance(element, ast.Constant) for element in node.elts) else "list"
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name):
            return "iterable" if node.func.id in _ITERATORS else "list" if node.func.id in ("list", "tuple") else "call"
        if isinstance(node.func, ast.Attribute) and node.func.attr in _VIEWS and not node.args:
            return "iterable"
    return ""


_WHAT: dict[type, str] = {
    ast.ListComp: "list",
    ast.GeneratorExp: "iterable",
    ast.SetComp: "iterable",
    ast.Set: "iterable",
    ast.Dict: "iterable",
    ast.DictComp: "iterable",
    ast.Name: "",
    ast.Attribute: "",
    ast.Constant: "",
    ast.BinOp: "",
    ast.Subscript: "",
}


def _is_constructor(node: ast.expr) -> bool:
    """`torch.tensor(...)` and relatives."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _TENSORS


def _is_device(node: ast.expr) -> bool:
    """`x.device`."""
    return isinstance(node, ast.Attribute) and node.attr == "device"


def _may_be_dtype(node: ast.expr) -> bool:
    """Whether the one argument of `.view` may be a dtype: `np.int32`, `table[x.dtype]`, "f4"."""
    if isinstance(node, ast.Attribute):
        return any(char.isdigit() for char in node.attr) or node.attr in ("double", "half", "short", "long")
    return isinstance(node, ast.Subscript) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _makes_integers(node: ast.expr) -> bool:
    """`np.array([0, 1])`, or what is made like another buffer."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
        return False
    return node.func.attr in _LIKE or (
        node.func.attr in ("tensor", "array", "asarray") and _holds_integers(node.args[0])
    )


def _holds_integers(node: ast.expr) -> bool:
    """Whether a literal list or tuple holds whole numbers."""
    if not isinstance(node, ast.List | ast.Tuple):
        return False
    return any(
        (isinstance(element, ast.Constant) and type(element.value) is int) or _holds_integers(element)
        for element in node.elts
    )


def _holds_no_number(node: ast.expr) -> bool:
    """Whether a literal holds strings, None or dicts."""
    if isinstance(node, ast.List | ast.Tuple):
        return any(_holds_no_number(element) for element in node.elts)
    if isinstance(node, ast.Constant):
        return node.value is None or isinstance(node.value, str | bytes)
    return isinstance(node, ast.Dict)
