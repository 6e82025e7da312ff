"""The shape of the knowledge tables, and how they are read from their JSON files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, TypeVar

from torchconv_lint.record import told

Names = frozenset[str]
NONE: Names = frozenset()
FOLDER = Path(__file__).parent


@told
class TorchOps:
    """What Tensor methods (or `torch.` functions) do; each field holds the names with that property."""

    tensor: Names = NONE
    tuple: Mapping[str, str] = field(default_factory=dict)
    tuple_if_dim: Names = NONE
    list: Names = NONE
    view: Names = NONE
    maybe_view: Names = NONE
    inplace: Names = NONE
    no_grad: Names = NONE
    dtype: Mapping[str, str] = field(default_factory=dict)
    to_float: Names = NONE
    reduces: Names = NONE
    elementwise: Names = NONE
    python: Names = NONE
    host: Names = NONE
    factory: Names = NONE
    blank: Names = NONE
    out_argument: Names = NONE
    maybe_several: Names = NONE
    mixed: Names = NONE
    schema_only: Names = NONE
    sole: Names = NONE
    unprobed: Names = NONE


@told
class Modules:
    """Class names in `torch.nn`."""

    all: Names = NONE
    loss: Names = NONE
    no_params: Names = NONE
    unprobed: Names = NONE


@told
class TorchTable:
    """Everything in `torch.json`."""

    versions: Mapping[str, str]
    method: TorchOps
    function: TorchOps
    module: Modules
    optim: Names
    lr_scheduler: Names


@told
class NumpyOps:
    """What NumPy functions (names after `np.`) or ndarray methods do."""

    converts: Names = NONE
    converts_list: Names = NONE
    keeps_tensor: Names = NONE
    wraps_tensor: Names = NONE
    raises_type_error: Names = NONE
    duck: Names = NONE
    view: Names = NONE
    maybe_view: Names = NONE
    negative_strides: Names = NONE
    copies: Names = NONE
    inplace: Names = NONE
    out_argument: Names = NONE
    reduces: Names = NONE
    float64: Names = NONE
    integer_to_float64: Names = NONE
    blank: Names = NONE
    ufunc: Names = NONE
    truths: Names = NONE
    python: Names = NONE
    unprobed: Names = NONE


@told
class NumpyTable:
    """Everything in `numpy.json`."""

    versions: Mapping[str, str]
    function: NumpyOps
    method: NumpyOps


Table = TypeVar("Table", TorchOps, Modules, NumpyOps)


def _section(kind: type[Table], raw: Mapping[str, Any]) -> Table:
    """One section of a file: lists become frozensets, name -> value objects stay mappings."""
    fields: dict[str, Any] = {key: frozenset(value) if isinstance(value, list) else value for key, value in raw.items()}
    return kind(**fields)


def _read(name: str) -> dict[str, Any]:
    """The parsed content of one table file."""
    content: dict[str, Any] = json.loads((FOLDER / name).read_bytes())
    return content


def load_torch() -> TorchTable:
    """Read `torch.json`."""
    raw = _read("torch.json")
    return TorchTable(
        versions=raw["versions"],
        method=_section(TorchOps, raw["method"]),
        function=_section(TorchOps, raw["function"]),
        module=_section(Modules, raw["module"]),
        optim=frozenset(raw["optim"]),
        lr_scheduler=frozenset(raw["lr_scheduler"]),
    )


def load_numpy() -> NumpyTable:
    """Read `numpy.json`."""
    raw = _read("numpy.json")
    return NumpyTable(
        versions=raw["versions"],
        function=_section(NumpyOps, raw["function"]),
        method=_section(NumpyOps, raw["method"]),
    )
