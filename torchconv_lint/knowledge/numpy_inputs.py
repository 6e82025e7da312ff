"""The arrays and argument lists with which every NumPy function and method is tried."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any

np: Any = importlib.import_module("numpy")

Call = tuple[tuple[Any, ...], dict[str, Any]]


def _floats(*shape: int) -> Any:
    """Distinct positive values, not sorted."""
    count = int(np.prod(shape))
    return ((np.arange(1, count + 1) * 7 % (count + 1)) / (count + 1) * 2).astype(np.float32).reshape(shape)


# The base arrays own their memory, so that sharing with them is not sharing with a common base by accident.
ARRAYS: dict[str, Callable[[], Any]] = {
    "vector": lambda: _floats(5).copy(),
    "matrix": lambda: _floats(2, 3).copy(),
    "square": lambda: (_floats(3, 3) + 3 * np.eye(3, dtype=np.float32)).copy(),
    "symmetric": lambda: (np.ones((3, 3)) + 3 * np.eye(3)).astype(np.float32).copy(),
    "batch": lambda: _floats(2, 2, 4).copy(),
    "transposed": lambda: _floats(2, 3).copy().T,
    "double": lambda: _floats(2, 3).astype(np.float64),
    "signed": lambda: _floats(4) - 1.1,
    "sorted": lambda: np.array([1.0, 2.0, 3.0, 4.0]),
    "int": lambda: np.array([3, 1, 2]),
    "int matrix": lambda: np.array([[3, 1, 2], [0, 2, 1]]),
    "bool": lambda: np.array([True, False, True, True]),
    "complex": lambda: np.array([1 + 2j, 2 - 1j]),
    "number": lambda: np.array(3.0),
    "whole number": lambda: np.array(3),
    "strided": lambda: _floats(8).copy()[::2],
}


def _pair(x: Any) -> Any:
    """A list of the array and its copy."""
    return [x.copy(), x.copy()]


ARGUMENTS: list[Callable[[Any], tuple[Any, ...]]] = [
    lambda x: (),
    lambda x: (0,),
    lambda x: (1,),
    lambda x: (-1,),
    lambda x: (2,),
    lambda x: (0.5,),
    lambda x: (0, 1),
    lambda x: (1, 0),
    lambda x: (0, -1),
    lambda x: (0, 0),
    lambda x: (0.25, 0.75),
    lambda x: (x.shape,),
    lambda x: ((1, *x.shape),),
    lambda x: ((2, *x.shape),),
    lambda x: (np.float32,),
    lambda x: (np.float64,),
    lambda x: (np.int64,),
    lambda x: (x.copy(),),
    lambda x: (x.T.copy(),),
    lambda x: (x.copy(), x.copy()),
    lambda x: (0, x.copy()),
    lambda x: (np.zeros(x.shape, int),),
    lambda x: (np.zeros(x.shape, int), 0),
    lambda x: (np.arange(x.size).reshape(x.shape) % 2 == 0, x.copy()),
    lambda x: (np.zeros(x.shape, int), 0, 0),
    lambda x: ([0, 0], 7),
    lambda x: (7, x.dtype),
    lambda x: (lambda a: a,),
]


def calls(make: Callable[[], Any]) -> Iterator[Call]:
    """Every argument list behind a fresh array, and the array as a later argument."""
    for arguments in ARGUMENTS:
        x = make()
        yield (x, *arguments(x)), {}
    yield (make(),), {"axis": 0}
    yield (_pair(make()),), {}
    yield (lambda a: a, 0, make()), {}
    yield (lambda a: a, make()), {}
    yield (make() > 1, make()), {}
    yield ("ij,ij->", make(), make()), {}
    yield ("scratch", make()), {}
    yield (3, make()), {}


def lone_calls() -> Iterator[Call]:
    """Argument lists without an array, for functions that make one."""
    lists: list[tuple[Any, ...]] = [
        (),
        (3,),
        (2, 3),
        ((2, 3),),
        ((2, 3), 7),
        (0, 1, 4),
        (0.0, 1.0, 4),
        (1, 2),
        ([1, 2, 3],),
        (lambda i, j: i, (2, 3)),
        (2.0, 3.0, 4),
        (1.0, 4),
        (10, 0.5, 4),
        (5, 5, 3, 4),
    ]
    for args in lists:
        yield args, {}
    yield (3,), {"size": 4}
    yield (), {"size": 4}
