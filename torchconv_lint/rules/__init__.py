"""The rules, found by walking this package: a rule exists because its file does."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torchconv_lint.rules.base import Rule


@functools.cache
def all_rules() -> tuple[Rule[Any], ...]:
    """Every rule, opt-in ones too, sorted by code. Sub-packages are walked as well."""
    # Choosing which rules run (index.py) has to be cheap, so nothing of this is imported for it.
    import importlib
    import inspect
    import pkgutil

    from torchconv_lint.rules.base import Rule

    rules: list[Rule[Any]] = []
    for module_info in pkgutil.walk_packages(__path__, __name__ + "."):
        module = importlib.import_module(module_info.name)
        for value in vars(module).values():
            is_here = inspect.isclass(value) and value.__module__ == module.__name__
            if is_here and issubclass(value, Rule) and not inspect.isabstract(value):
                rules.append(value())
    return tuple(sorted(rules, key=lambda rule: rule.code))


def page(rule: Rule[Any]) -> str:
    """The rule's page: its module's docstring, Markdown."""
    import inspect

    return inspect.cleandoc(inspect.getmodule(type(rule)).__doc__ or "")
