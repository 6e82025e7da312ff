"""The classes of `torch.nn` and `torch.optim`: which have parameters, which give a scalar."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from typing import Any

from torchconv_lint.knowledge.isolate import isolated_map

torch: Any = importlib.import_module("torch")


def _classes(module: Any, base: Any) -> list[str]:
    """Public subclasses of `base` in a module, without `base`."""
    return sorted(
        name
        for name, value in vars(module).items()
        if inspect.isclass(value) and issubclass(value, base) and value is not base and not name.startswith("_")
    )


def _constructions(kind: Any) -> Iterator[Any]:
    """Instances made with 0 to 4 small integers, or with a list of two."""
    for args in ((), (2,), (2, 2), (2, 2, 2), (2, 2, 2, 2), (4, 4), (2, [2]), ([2, 2],)):
        try:
            yield kind(*args)
        except Exception:  # any refusal means: try the next list
            continue


def _targets() -> Iterator[tuple[Any, ...]]:
    """Argument lists of losses: predictions with targets of the usual kinds."""
    rows = torch.rand(3, 4, requires_grad=True)
    other = torch.rand(3, 4)
    sign = torch.tensor([1, -1, 1])
    yield rows, other
    yield rows, torch.tensor([0, 1, 2])
    yield rows, torch.tensor([[0, -1, -1, -1], [1, 2, -1, -1], [3, -1, -1, -1]])
    yield rows, other, other
    yield rows, other, sign
    yield torch.rand(5, 3, 4).log_softmax(2), torch.ones(3, 2, dtype=torch.int64), sign * 0 + 5, sign * 0 + 2


def _gives_scalar(module: Any) -> bool:
    """Whether a call with predictions and targets gives one element."""
    for args in _targets():
        try:
            result = module(*args)
        except Exception:  # any refusal means: try the next targets
            continue
        return isinstance(result, torch.Tensor) and result.dim() == 0
    return False


def _measure(name: str) -> dict[str, bool] | None:
    """What one module class does, by all the instances that could be made."""
    made = list(_constructions(getattr(torch.nn, name)))
    if not made:
        return None
    return {
        "loss": any(_gives_scalar(module) for module in made),
        "no_params": not any(list(module.parameters()) for module in made),
    }


def _holds_modules(name: str) -> bool:
    """Whether a class takes other modules, whose parameters it then has."""
    kind = getattr(torch.nn, name)
    inside = kind.__module__ == "torch.nn.modules.container"
    return inside or "module" in inspect.signature(kind.__init__).parameters


def modules() -> dict[str, list[str]]:
    """The `module` section."""
    names = _classes(torch.nn, torch.nn.Module)
    found = isolated_map(_measure, names)
    return {
        "all": sorted([*names, "Module"]),
        "loss": [name for name in names if found[name] and found[name]["loss"]],
        "no_params": [name for name in names if found[name] and found[name]["no_params"] and not _holds_modules(name)],
        "unprobed": [name for name in names if not found[name]],
    }


def optimisers() -> list[str]:
    """The classes of `torch.optim`."""
    return _classes(torch.optim, torch.optim.Optimizer)


def schedulers() -> list[str]:
    """The classes of `torch.optim.lr_scheduler`."""
    module = torch.optim.lr_scheduler
    return _classes(module, module.LRScheduler)
