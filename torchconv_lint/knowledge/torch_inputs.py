"""The inputs and argument lists with which every torch operation is tried."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any

torch: Any = importlib.import_module("torch")

Call = tuple[tuple[Any, ...], dict[str, Any]]


def _graph(values: Any) -> Any:
    """A non-leaf tensor that requires grad (in-place operations refuse leaves)."""
    return values.requires_grad_() * 1


def _floats(*shape: int, dtype: Any = None) -> Any:
    """Distinct positive values, half of them below one."""
    count = 1
    for size in shape:
        count *= size
    steps = torch.arange(1, count + 1, dtype=dtype or torch.float32)
    return (steps * 7 % (count + 1) / (count + 1) * 2).reshape(shape)


def _leaf_with_gradient() -> Any:
    leaf = _floats(4).requires_grad_()
    (leaf * leaf).sum().backward()
    return leaf


# Shapes differ between the inputs, so that "same shape as the input" is not an accident of square matrices.
RECEIVERS: dict[str, Callable[[], Any]] = {
    "vector": lambda: _graph(_floats(5)),
    "matrix": lambda: _graph(_floats(2, 3)),
    "column": lambda: _graph(_floats(3, 1)),
    "square": lambda: _graph(_floats(3, 3) + 3 * torch.eye(3)),
    "symmetric": lambda: _graph(torch.eye(3) * 3 + torch.ones(3, 3)),
    "image": lambda: _graph(_floats(2, 2, 4, 4)),
    "scalar": lambda: _graph(torch.tensor(0.5)),
    "transposed": lambda: _graph(_floats(2, 3)).t(),
    "double": lambda: _graph(_floats(2, 3, dtype=torch.float64)),
    "int": lambda: torch.tensor([3, 1, 2]),
    "int matrix": lambda: torch.tensor([[3, 1, 2], [0, 2, 1]]),
    "bool": lambda: torch.tensor([True, False, True, True]),
    "complex": lambda: _graph(torch.complex(_floats(4), _floats(4))),
    "conj": lambda: _graph(torch.complex(_floats(4), _floats(4))).conj(),
    "leaf": _leaf_with_gradient,
}


def _twin(x: Any) -> Any:
    """Another tensor of the same shape and dtype, in the graph when the dtype allows it."""
    other = x.detach().clone()
    return _graph(other) if other.is_floating_point() or other.is_complex() else other


def _swapped(x: Any) -> Any:
    """A partner for matrix products: the transpose, or a number for what has no second axis."""
    return _twin(x).mT if x.dim() > 1 else _twin(x).sum()


def _index(x: Any) -> Any:
    """Valid row numbers, one for each row."""
    rows = x.shape[0] if x.dim() else 1
    return torch.arange(rows) % max(rows - 1, 1)


def _mask(x: Any) -> Any:
    """Every other element."""
    return torch.arange(x.numel()).reshape(x.shape) % 2 == 0


# Argument lists to follow the receiver, from none to three.
ARGUMENTS: list[Callable[[Any], tuple[Any, ...]]] = [
    lambda x: (),
    lambda x: (0,),
    lambda x: (1,),
    lambda x: (-1,),
    lambda x: (2,),
    lambda x: (0.5,),
    lambda x: (0, 1),
    lambda x: (-1, 0),
    lambda x: (1, 1),
    lambda x: (0, 0, 1),
    lambda x: (0.25, 0.75),
    lambda x: ((0,),),
    lambda x: ((0, 1),),
    lambda x: ((-1,),),
    lambda x: (tuple(x.shape),),
    lambda x: (2, 3, 2),
    lambda x: (torch.float32,),
    lambda x: (torch.float64,),
    lambda x: (torch.int64,),
    lambda x: (torch.bool,),
    lambda x: ("cpu",),
    lambda x: ("meta",),
    lambda x: (_twin(x),),
    lambda x: (_swapped(x),),
    lambda x: (_twin(x), 0.5),
    lambda x: (_twin(x), _twin(x)),
    lambda x: (_twin(x), _twin(x), _twin(x)),
    lambda x: (_index(x),),
    lambda x: (0, _index(x)),
    lambda x: (0, _index(x), _twin(x)),
    lambda x: (0, _index(x), 0.5),
    lambda x: (_mask(x),),
    lambda x: (_mask(x), 0.5),
    lambda x: (_mask(x), _twin(x)),
    lambda x: (lambda a: a,),
    lambda x: (_twin(x), lambda a, b: a),
]
KEYWORDS: list[Call] = [((), {"dim": 0}), ((), {"dim": -1}), ((2,), {"dim": 0})]


def calls(make: Callable[[], Any]) -> Iterator[Call]:
    """Every argument list behind a fresh receiver."""
    for arguments in ARGUMENTS:
        x = make()
        yield (x, *arguments(x)), {}
    for args, kwargs in KEYWORDS:
        yield (make(), *args), kwargs


def lone_calls() -> Iterator[Call]:
    """Argument lists without any tensor, for functions that make one."""
    for args in (
        (3,),
        (2, 3),
        ((2, 3),),
        (0.0, 1.0, 4),
        (0, 3),
        (4, 2),
        ((2, 3), 7.0),
        ((2, 3), (3, 1)),
        ([1.0, 2.0],),
        (3.0,),
        (0, 2, (3,)),
        (3, 3, 0),
        (0.0, 1.0, (3,)),
        (b"\0\0\0\0",),
    ):
        yield args, {}
    yield (b"\0\0\0\0\0\0\0\0",), {"dtype": torch.float32}
