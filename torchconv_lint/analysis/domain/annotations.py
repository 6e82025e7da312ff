"""What a type annotation says of a value."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.values import (
    NONE,
    NOTHING,
    UNKNOWN,
    Array,
    External,
    Loader,
    Mapping,
    Memory,
    Module,
    Number,
    Opaque,
    Optimizer,
    Sequence,
    Tensor,
    Value,
    each,
    join,
    just,
)
from torchconv_lint.analysis.domain.weights import object_of
from torchconv_lint.analysis.syntax.outline import dotted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchconv_lint.analysis.run.interpreter import Interpreter

_TENSORS = frozenset({"torch.Tensor", "torch.FloatTensor", "torch.LongTensor", "torch.IntTensor", "torch.BoolTensor"})
_TENSORS |= {"torch.nn.Parameter"}
_SEQUENCES = frozenset({"list", "List", "Sequence", "Iterable", "Iterator", "Collection", "set", "Set"})
_MAPPINGS = frozenset({"dict", "Dict", "Mapping", "OrderedDict", "MutableMapping", "DefaultDict"})


_PLAIN = frozenset({"bool", "int", "float", "str", "bytes", "dict", "Dict", "None"})


def plain_parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> frozenset[str]:
    """The parameters that are annotated as numbers, texts or dicts and nothing else: whatever a caller seems to pass,
    it is no tensor."""
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return frozenset(argument.arg for argument in arguments if argument.annotation and _is_plain(argument.annotation))


def _is_plain(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return node.value is None
    if isinstance(node, ast.BinOp):
        return _is_plain(node.left) and _is_plain(node.right)
    if isinstance(node, ast.Subscript):
        name = (dotted(node.value) or "").rpartition(".")[2]
        return _is_plain(node.slice) if name == "Optional" else name in _PLAIN
    return isinstance(node, ast.Name) and node.id in _PLAIN


_ARRAYS = frozenset({"ndarray", "NDArray"})
_DATA = frozenset({"Tensor", "FloatTensor", "LongTensor", *_ARRAYS})


def data_parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, bool]:
    """The parameters that are annotated as arrays or tensors and nothing else, and whether as arrays alone."""
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    names = {argument.arg: set(_united(argument.annotation)) for argument in arguments if argument.annotation}
    return {name: types <= _ARRAYS for name, types in names.items() if types and types <= _DATA}


def _united(node: ast.expr) -> Iterator[str]:
    """The last names of the types that an annotation is the union of; None left out."""
    if isinstance(node, ast.BinOp):
        yield from _united(node.left)
        yield from _united(node.right)
    elif isinstance(node, ast.Subscript):
        name = (dotted(node.value) or "?").rpartition(".")[2]
        if name not in ("Optional", "Union"):
            yield name
        else:
            for part in node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]:
                yield from _united(part)
    elif not (isinstance(node, ast.Constant) and node.value is None):
        yield (dotted(node) or "?").rpartition(".")[2]


def as_promised(value: Value, *, array: bool) -> Value:
    """What a caller passes for arrays and tensors, or (`array`) for arrays alone: where it may be one of several
    things, those are meant that the annotation speaks of; nor is an array a tensor that has only been guessed."""
    unfit = (Sequence, Mapping, Tensor) if array else (Sequence, Mapping)
    fitting = tuple(alt for alt in value if not isinstance(alt.kind, unfit)) or value
    if not array:
        return fitting
    return each(fitting, lambda kind: Opaque(memory=kind.memory) if isinstance(kind, Opaque) and kind.guess else kind)


def without_tensors(value: Value) -> Value:
    """The value of something that is no tensor."""
    return tuple(alt for alt in value if not isinstance(alt.kind, Tensor)) or UNKNOWN


def annotated(interpreter: Interpreter, node: ast.expr | None, path: str, depth: int = 0) -> Value:
    """The value that an annotation promises; UNKNOWN (under its name) where it promises nothing we know."""
    memory = Memory(("parameter", path), "parameter", path) if depth == 0 else None
    opaque = just(Opaque(path, memory=memory))
    if node is None or depth > 4:
        return opaque
    if isinstance(node, ast.Constant):
        if node.value is None:
            return NONE
        if isinstance(node.value, str):
            try:
                return annotated(interpreter, ast.parse(node.value, mode="eval").body, path, depth)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return opaque
        return opaque
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        if _is_any(node.left) or _is_any(node.right):
            return opaque
        return join(annotated(interpreter, node.left, path, depth), annotated(interpreter, node.right, path, depth))
    if isinstance(node, ast.Subscript):
        return _generic(interpreter, node, path, depth) or opaque
    return _plain(interpreter, dotted(node) or "", path, memory) or opaque


def _is_any(node: ast.expr) -> bool:
    return (dotted(node) or "").rpartition(".")[2] in ("Any", "object")


def _plain(interpreter: Interpreter, written: str, path: str, memory: Memory | None) -> Value:
    name = interpreter.outline.full_name(written)
    last = name.rpartition(".")[2]
    if name in _TENSORS or name == "torch.autograd.Variable":
        return just(Tensor(memory=memory, path=path, promised=True))
    if name == "numpy.ndarray" or last == "ArrayLike":
        return just(Array(memory=memory, path=path)) if last == "ndarray" else NOTHING
    if name in ("int", "float", "complex"):
        return just(Number())
    if name in ("torch.nn.Module",) or (name.startswith("torch.nn.") and last[:1].isupper()):
        return just(Module(None, None, path=path))
    if last in ("LightningModule", "PreTrainedModel"):
        return just(Module(None, None, path=path))
    if name.startswith("torch.optim.") and last[:1].isupper():
        return just(Optimizer())
    if last == "DataLoader":
        return just(Loader())
    if name == "torch.Generator":  # on the CPU, unless it was made for another device: nobody knows
        return just(External(f"torch.Generator().{path}"))
    class_ = interpreter.classes.named(written)
    if class_ is not None:
        return just(object_of(interpreter, class_, None))
    return NOTHING


def _generic(interpreter: Interpreter, node: ast.Subscript, path: str, depth: int) -> Value:
    name = (dotted(node.value) or "").rpartition(".")[2]
    inner = node.slice
    parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    if name == "Optional":
        return join(annotated(interpreter, inner, path, depth), NONE)
    if name == "Union":
        if any(_is_any(part) for part in parts):
            return NOTHING
        return join(*(annotated(interpreter, part, path, depth) for part in parts))
    if name in ("Annotated", "Final", "ClassVar", "Required"):
        return annotated(interpreter, parts[0], path, depth)
    if name in (
        "Float",
        "Int",
        "Bool",
        "Shaped",
        "Num",
        "Inexact",
        "UInt",
        "Complex",
    ):  # jaxtyping: Float[Tensor, "b c"]
        return annotated(interpreter, parts[0], path, depth)
    if name in ("NDArray", "ndarray"):
        return just(Array(memory=Memory(("parameter", path), "parameter", path), path=path))
    if name in _SEQUENCES:
        return just(Sequence(None, _inner(interpreter, parts[0], path, depth)))
    if name in ("tuple", "Tuple"):
        if len(parts) == 2 and isinstance(parts[1], ast.Constant) and parts[1].value is Ellipsis:
            return just(Sequence(None, _inner(interpreter, parts[0], path, depth), mutable=False))
        items = tuple(_inner(interpreter, part, path, depth) for part in parts)
        return just(Sequence(items, NOTHING, mutable=False))
    if name in _MAPPINGS and len(parts) == 2:
        return just(Mapping((), _inner(interpreter, parts[1], path, depth)))
    return NOTHING


def _inner(interpreter: Interpreter, node: ast.expr, path: str, depth: int) -> Value:
    value = annotated(interpreter, node, f"{path}[]", depth + 1)
    return tuple(alt for alt in value if not isinstance(alt.kind, Opaque)) or UNKNOWN
