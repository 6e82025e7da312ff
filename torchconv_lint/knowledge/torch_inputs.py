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
    "signed": lambda: _graph(_floats(4) - 1.1),
    "special": lambda: _graph(torch.tensor([float("nan"), float("inf"), -1.5])),
    "scalar": lambda: _graph(torch.tensor(0.5)),
    "transposed": lambda: _graph(_floats(2, 3)).t(),
    "double": lambda: _graph(_floats(2, 3, dtype=torch.float64)),
    "int": lambda: torch.tensor([3, 1, 2]),
    "int matrix": lambda: torch.tensor([[3, 1, 2], [0, 2, 1]]),
    "bool": lambda: torch.tensor([True, False, True, True]),
    "complex": lambda: _graph(torch.complex(_floats(4), _floats(4))),
    "conj": lambda: _graph(torch.complex(_floats(4), _floats(4))).conj(),
    "leaf": _leaf_with_gradient,
    "batch": lambda: _graph(_floats(2, 3, 3) + 3 * torch.eye(3)),
    "signal": lambda: _graph(_floats(2, 2, 8)),
    "volume": lambda: _graph(_floats(1, 2, 4, 4, 4)),
    "sparse": lambda: _graph(torch.eye(3)).to_sparse().coalesce(),
}
# Only functions take these: several tensors at once, of which the first two require grad.
LISTS: dict[str, Callable[[], Any]] = {
    "vectors": lambda: [_graph(_floats(3)), _graph(_floats(3))],
    "matrices": lambda: [_graph(_floats(2, 2)), _graph(_floats(2, 2))],
    "three": lambda: [_graph(_floats(2, 2)), _graph(_floats(2, 2)), _graph(_floats(2, 2))],
    "ints": lambda: [torch.tensor([3, 1, 2]), torch.tensor([0, 1, 2])],
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


def _last(x: Any) -> Any:
    """A vector as long as the last axis."""
    return _graph(_floats(x.shape[-1]))


def _kernel(x: Any) -> Any:
    """A convolution kernel for `x`: as many channels in as out, one element wide."""
    return _graph(_floats(x.shape[1], x.shape[1], *[1] * (x.dim() - 2)))


def _channel(x: Any) -> Any:
    """One number for each channel, outside the graph."""
    return torch.ones(x.shape[1])


def _grid(x: Any) -> Any:
    """Sampling positions for an image or a volume."""
    return torch.zeros(x.shape[0], *[2] * (x.dim() - 2), x.dim() - 2)


def _classes(x: Any) -> Any:
    """A class number for each row."""
    return torch.arange(x.shape[0]) % x.shape[1]


def _ctc(x: Any) -> tuple[Any, ...]:
    """Targets, input lengths and target lengths for a sequence loss."""
    steps, batch = x.shape[0], x.shape[1]
    return (torch.ones(batch, 1, dtype=torch.int64), torch.full((batch,), steps), torch.ones(batch, dtype=torch.int64))


# Argument lists to follow the receiver; one that cannot be made for a receiver is left out.
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
    lambda x: (0, torch.tensor([0])),
    lambda x: (0, torch.zeros(x.shape, dtype=torch.int64)[:1]),
    lambda x: (0, _index(x), _twin(x)),
    lambda x: (0, _index(x), 0.5),
    lambda x: (_mask(x),),
    lambda x: (_mask(x), 0.5),
    lambda x: (_mask(x), _twin(x)),
    lambda x: (lambda a: a + 1,),
    lambda x: (_twin(x), lambda a, b: a + b),
    lambda x: (_twin(x), _twin(x), lambda a, b, c: a + b + c),
    lambda x: (_last(x),),
    lambda x: (_twin(x)[0] @ _twin(x), _twin(x), _last(x)),
    lambda x: (_twin(x) @ _last(x), _last(x)),
    lambda x: (_twin(x)[..., 0], _twin(x), _last(x)),
    lambda x: (_twin(x).sum(0), _twin(x), _twin(x)),
    lambda x: (_twin(x)[None], _twin(x)[None]),
    lambda x: (_kernel(x),),
    lambda x: (_channel(x), _channel(x)),
    lambda x: (_channel(x), _channel(x), None, None, True),
    lambda x: (None, None, _channel(x), _channel(x), False, 0.1, 1e-5, False),
    lambda x: (_channel(x), _channel(x), _channel(x), _channel(x), False, 0.1, 1e-5, False),
    lambda x: (_grid(x),),
    lambda x: (_classes(x),),
    _ctc,
    lambda x: (_twin(x), torch.ones(x.shape[0])),
    lambda x: (_graph(_floats(4, 2)),),
    lambda x: (_graph(_floats(4, 2)), torch.tensor([0, 1])),
    lambda x: ((_index(x),), _twin(x)),
    lambda x: (0, _index(x), _twin(x), "sum"),
    lambda x: (0, _index(x), _twin(x), "amax"),
    lambda x: (0, torch.zeros(x.shape, dtype=torch.int64)),
    lambda x: (0, torch.zeros(x.shape, dtype=torch.int64), _twin(x)),
    lambda x: (0, torch.zeros(x.shape, dtype=torch.int64), _twin(x), "sum"),
    lambda x: (_twin(x)[0], 0, 0),
    lambda x: (_twin(x)[:1], 0, 0, 1),
    lambda x: (0, (1, -1)),
    lambda x: ((2,), (1,)),
    lambda x: (_graph(_floats(2)), (2,), (1,)),
    lambda x: ((2, 3), 7.0),
    lambda x: ((2, 3), (3, 1)),
    lambda x: (0.5, True),
    lambda x: (0.5, False),
    lambda x: (2, x),
]
KEYWORDS: list[Call] = [
    ((), {"dim": 0}),
    ((), {"dim": -1}),
    ((2,), {"dim": 0}),
    ((), {"dtype": torch.float64}),
]


def calls(make: Callable[[], Any]) -> Iterator[Call]:
    """Every argument list behind a fresh receiver."""
    for arguments in ARGUMENTS:
        x = make()
        try:
            rest = arguments(x)
        except (RuntimeError, IndexError):  # no such partner for this shape
            continue
        yield (x, *rest), {}
    for args, kwargs in KEYWORDS:
        yield (make(), *args), kwargs


def list_calls() -> Iterator[Call]:
    """A list of tensors, alone or with a number, and operands as separate arguments."""
    for make in LISTS.values():
        yield (make(),), {}
        yield (make(), 0), {}
        yield (make(), 1.0), {}
        yield tuple(make()), {}


def lone_calls() -> Iterator[Call]:
    """Argument lists without any tensor, for functions that make one."""
    lists: list[tuple[Any, ...]] = [
        (),
        ("relu",),
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
        ((2, 3), (1, 0)),
    ]
    for args in lists:
        yield args, {}
    yield (bytearray(range(1, 9)),), {"dtype": torch.int16}
