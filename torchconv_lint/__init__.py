"""torchconv_lint: finds conversion pitfalls between PyTorch, NumPy and plain Python numbers before the code runs.

    import torchconv_lint

    for finding in torchconv_lint.lint_source(code, filename="train.py").findings:
        print(finding.span.line, finding.code, finding.message)

What `__all__` names is the public interface; see docs/api.md for what is promised about it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torchconv_lint.api import Result, lint_paths, lint_source
    from torchconv_lint.model import Because, Confidence, Edit, Finding, Fix, Problem, Safety, Span

__version__ = "0.1.0"
__all__ = [
    "Because",
    "Confidence",
    "Edit",
    "Finding",
    "Fix",
    "Problem",
    "Result",
    "Safety",
    "Span",
    "__version__",
    "lint_paths",
    "lint_source",
]

_IN_API = frozenset({"Result", "lint_paths", "lint_source"})


def __getattr__(name: str) -> Any:
    """Imported on first use: flake8 imports this package on every run, and needs nothing of it then."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(f"{__name__}.{'api' if name in _IN_API else 'model'}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
