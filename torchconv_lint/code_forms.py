"""Forms of expressions, told from the ast alone: roots of chains, views, numbers, literals with a size."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchconv_lint.analysis.syntax.walking import walk

if TYPE_CHECKING:
    pass

_VIEWS = frozenset(
    [
        "view",
        "reshape",
        "permute",
        "transpose",
        "squeeze",
        "unsqueeze",
        "t",
        "detach",
        "flatten",
        "expand",
        "narrow",
        "select",
        "swapaxes",
        "numpy",
        "cpu",
        "to",
        "float",
        "contiguous",
        "get",
        "items",
        "values",
        "append",
    ]
)
METADATA = frozenset(
    [
        "shape",
        "size",
        "dim",
        "ndim",
        "device",
        "dtype",
        "numel",
        "ndimension",
        "type",
        "is_cuda",
        "training",
        "nelement",
        "layout",
    ]
)
_GIVES_NUMBERS = frozenset({"item", "tolist", "format", "join"})
_PLAIN_RESULTS = frozenset({"equal", "allclose", "numel"})


def annotation_words(node: ast.expr | None) -> str:
    """The names in an annotation, quoted or not."""
    if node is None:
        return ""
    words = []
    for child in walk(node):
        if isinstance(child, ast.Name):
            words.append(child.id)
        elif isinstance(child, ast.Attribute):
            words.append(child.attr)
        elif isinstance(child, ast.Constant) and isinstance(child.value, str):
            words.append(child.value)
    return " ".join(words)


def is_metadata(node: ast.expr | None) -> bool:
    """`x.shape[0]`, `x.size(1)`, `len(x)`: numbers, whatever x is."""
    while node is not None:
        if isinstance(node, ast.Attribute):
            if node.attr in METADATA:
                return True
            node = node.value
        elif isinstance(node, ast.Subscript):
            node = node.value
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in _PLAIN_BUILTINS:
                return True
            node = node.func
        elif isinstance(node, ast.BinOp):
            if not is_metadata(node.right) and not isinstance(node.right, ast.Constant):
                return False
            node = node.left
        else:
            return isinstance(node, ast.Constant)
    return False


def is_size(node: ast.expr) -> bool:
    """`x.shape[0] // 2`, `len(x)`, `x.size(0)`: what says how large a tensor is, and holds none of its elements."""
    pending = [node]  # a long sum is too deep for recursion
    while pending:
        node = pending.pop()
        if isinstance(node, ast.BinOp):
            pending += (node.left, node.right)
            continue
        if isinstance(node, ast.Subscript):
            node = node.value
        if isinstance(node, ast.Call):
            if called_by_name(node) not in _COUNTING and last_name(node.func) not in SIZE_METHODS:
                return False
        elif isinstance(node, ast.Attribute):
            if node.attr not in _SIZES:
                return False
        elif not isinstance(node, ast.Constant) or node.value is None:
            return False
    return True


_SIZES = frozenset({"shape", "ndim", "dtype", "is_cuda"})
SIZE_METHODS = frozenset({"size", "dim", "numel", "nelement", "ndimension"})
_COUNTING = frozenset({"len", "int", "isinstance", "hasattr", "str"})


def is_plain_question(node: ast.expr) -> bool:
    """`torch.cuda.is_available()`, `torch.is_tensor(x)`, `torch.__version__ >= …`: asked of torch, but no tensor."""
    func = node.func if isinstance(node, ast.Call) else node
    if not isinstance(func, ast.Attribute):
        return False
    return func.attr.startswith(("is_", "_")) or func.attr in _PLAIN_RESULTS or not isinstance(func.value, ast.Name)


def is_text(node: ast.expr) -> bool:
    """Whether an expression is a string."""
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def is_number(node: ast.expr) -> bool:
    """Whether an expression gives a number or text, by its form alone."""
    pending = [node]  # a long sum is too deep for recursion
    while pending:
        node = pending.pop()
        if isinstance(node, ast.BinOp):
            pending += (node.left, node.right)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _GIVES_NUMBERS:
            continue
        elif not isinstance(node, ast.Constant | ast.JoinedStr | ast.Compare) and not is_metadata(node):
            return False
    return True


def is_number_made(name: str, call: ast.Call) -> bool:
    """`torch.tensor([[0.0, 1.0]], device=device)`: no tensor or array goes into it."""
    return name == "tensor" and len(call.args) == 1 and all(node.__class__ in _LITERAL for node in walk(call.args[0]))


_LITERAL = frozenset({ast.Constant, ast.List, ast.Tuple, ast.UnaryOp, ast.BinOp})


def may_require(node: ast.expr) -> bool:
    """Whether a value of `requires_grad` asks for gradients that another tensor has not asked for."""
    if isinstance(node, ast.Attribute):
        return node.attr != "requires_grad"
    return not (isinstance(node, ast.Constant) and node.value is False)


def is_view(node: ast.expr) -> bool:
    """Whether the value may be (part of) what a name in it holds."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and node.func.attr in _VIEWS and is_view(node.func.value)
    return isinstance(node, ast.Name | ast.Attribute | ast.Subscript)


def may_keep(node: ast.expr) -> bool:
    """Whether the value may hold what is in it as it is: a view, a container, a comprehension."""
    if isinstance(node, ast.ListComp | ast.DictComp | ast.List | ast.Tuple | ast.Dict):
        return True
    if isinstance(node, ast.Call):
        name = callee_name(node)
        if name in ("list", "dict", "tuple", "copy", "OrderedDict"):
            return True
        return name in MODULE_MEMORY or is_view(node)
    return isinstance(node, ast.Attribute | ast.Subscript)


def literal_size(call: ast.Call) -> bool:
    """Whether the arguments say that there is more than one element."""
    return any(_is_several(argument) for argument in call.args)


def makes_tensor(node: ast.expr) -> bool:
    """Whether something called of torch gives a tensor or a parameter: functions do, and of the classes Parameter."""
    name = last_name(node.func) if isinstance(node, ast.Call) else ""
    return name[:1].islower() or name == "Parameter"


def makes_integers(call: ast.Call) -> bool:
    """Whether a constructor's result is integer by its `dtype`, or by the numbers that it is given."""
    for keyword in call.keywords:
        if keyword.arg == "dtype":
            name = keyword.value.attr if isinstance(keyword.value, ast.Attribute) else ""
            return name.startswith(("int", "uint", "long", "short"))
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if name not in ("tensor", "arange") or not call.args:
        return False
    constants = [node.value for node in walk(call.args[0]) if isinstance(node, ast.Constant)]
    return bool(constants) and all(type(constant) is int for constant in constants)


def callee_name(call: ast.Call) -> str:
    """The last name of what is called: "to" of `x.to(d)`, "len" of `len(x)`; "" for what has none."""
    func = call.func
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""


def called_by_name(call: ast.expr) -> str:
    """The name of a function that is called by its name alone; "" for any other expression."""
    return call.func.id if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) else ""


def _is_several(node: ast.expr) -> bool:
    if isinstance(node, ast.List | ast.Tuple):
        return len(node.elts) > 1 or any(_is_several(element) for element in node.elts)
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float) and node.value > 1


MODULE_MEMORY = frozenset({"state_dict", "parameters", "named_parameters", "data", "grad", "weight"})


def keeps_parameters(node: ast.expr) -> bool:
    """Whether the value may hold a module's parameters as they are."""
    attributes = {child.attr for child in walk(node) if child.__class__ is ast.Attribute}
    return not attributes.isdisjoint(MODULE_MEMORY) and "clone" not in attributes and may_keep(node)


def root_of(node: ast.AST | None) -> str | None:
    """The name at the bottom of a chain of attributes, calls and subscripts."""
    anchor = anchor_of(node)
    return "self" if anchor is not None and anchor.startswith("self.") else anchor


def anchor_of(node: ast.AST | None) -> str | None:
    """The root of a chain; of a chain that starts at an attribute of `self`, that attribute: "self.x"."""
    attribute = None
    while node.__class__ is not ast.Name:
        inner = _INNER.get(node.__class__)
        if inner is None:
            return None
        if node.__class__ is ast.Attribute:
            attribute = node.attr
        node = getattr(node, inner)
    name: str = node.id
    return f"self.{attribute}" if name == "self" and attribute is not None else name


_INNER: dict[type, str] = {
    ast.Attribute: "value",
    ast.Subscript: "value",
    ast.Starred: "value",
    ast.Call: "func",
    ast.BinOp: "left",
    ast.UnaryOp: "operand",
}
"""Where a chain goes on. Looked up by type: asking `isinstance` of each took a twentieth of the sieve's time."""


def last_name(node: ast.expr) -> str:
    """The name nearest to the end of a chain: "ax" of `self.ax`, "axes" of `axes[0]`."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def names_in(node: ast.AST) -> set[str]:
    """The names in a node."""
    type_ = node.__class__
    if type_ is ast.Name:
        return {node.id}  # type: ignore[attr-defined]
    if type_ is ast.Constant:
        return set()
    return {child.id for child in walk(node) if child.__class__ is ast.Name}


def calls_something(node: ast.expr, plain: frozenset[str]) -> bool:
    """Whether the value is the result of a call that may be a module's or a helper's (not a builtin's, nor one of the
    `plain` modules')."""
    pending = [node]  # a long sum is too deep for recursion
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Call):
            # `getattr(self, name)(x)` has a builtin at its root, and may be anything.
            harmless = _PLAIN_BUILTINS | plain if isinstance(node.func, ast.Name) else plain
            if root_of(node.func) not in harmless:
                return True
        elif isinstance(node, ast.Tuple | ast.List):
            pending += node.elts
        elif isinstance(node, ast.BinOp):
            pending += (node.left, node.right)
    return False


_PLAIN_BUILTINS = frozenset(
    [
        "len",
        "int",
        "str",
        "range",
        "isinstance",
        "getattr",
        "print",
        "open",
        "type",
        "repr",
        "format",
        "hasattr",
        "round",
    ]
)
