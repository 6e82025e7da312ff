"""Measure the whole torch table."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping
from typing import Any

from torchconv_lint.knowledge.exceptions import TORCH_CORRECTIONS
from torchconv_lint.knowledge.isolate import isolated_map
from torchconv_lint.knowledge.torch_classify import classify
from torchconv_lint.knowledge.torch_modules import modules, optimisers, schedulers
from torchconv_lint.knowledge.torch_names import (
    function,
    function_names,
    has_reduction,
    is_property,
    method_names,
    tensor_method,
)
from torchconv_lint.knowledge.torch_probe import probe
from torchconv_lint.knowledge.torch_schemas import schema_of

torch: Any = importlib.import_module("torch")
VALUED = ("tuple", "dtype")


def collect(found: Mapping[str, Mapping[str, Any]], valued: tuple[str, ...]) -> dict[str, Any]:
    """Turn name -> properties into property -> names (or, for `valued` ones, name -> value)."""
    section: dict[str, Any] = {}
    for name, props in found.items():
        for key, value in props.items():
            if key in valued:
                section.setdefault(key, {})[name] = value
            else:
                section.setdefault(key, []).append(name)
    return {key: section[key] for key in sorted(section)}


def _facts(name: str, lone: bool, raw: Any) -> dict[str, Any]:
    """The properties of one name, from what the probe saw and what the schema promises."""
    schema = None if not lone and is_property(name) else schema_of(name)
    return classify(raw or [], schema, lone, lone and has_reduction(name)) or {"unprobed": True}


def measured(names: list[str], find: Callable[[str], Callable[..., Any]], lone: bool) -> dict[str, Any]:
    """One section: every name probed in isolation, corrected, and turned around."""
    prepare()
    kind = "function" if lone else "method"
    raw = isolated_map(lambda name: probe(find(name), lone), names)
    found = {name: TORCH_CORRECTIONS.get((kind, name)) or _facts(name, lone, raw[name]) for name in names}
    return collect(found, VALUED)


@functools.cache
def prepare() -> None:
    """Before anything is forked: a child cannot use the threads that its parent has started, and would wait for them
    for ever; and what torch imports on first use is imported here, not in every child."""
    torch.set_num_threads(1)
    probe(torch.add, lone=False)


def torch_table() -> dict[str, Any]:
    """Everything in `torch.json`."""
    return {
        "versions": {"torch": torch.__version__.split("+")[0]},
        "method": measured(method_names(), tensor_method, lone=False),
        "function": measured(function_names(), function, lone=True),
        "module": modules(),
        "optim": optimisers(),
        "lr_scheduler": schedulers(),
    }
