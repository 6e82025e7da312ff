"""Which names of a file stand for what: torch, packages that convert tensors, the project's own."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchconv_lint.analysis.syntax.evidence import COMMON_METHODS, data_methods
from torchconv_lint.analysis.syntax.outline import dotted
from torchconv_lint.analysis.syntax.patterns import CONVERTING
from torchconv_lint.analysis.syntax.reaching import project_names
from torchconv_lint.code_forms import last_name

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from torchconv_lint.analysis.syntax.outline import FileOutline

_DRAWING = frozenset({"matplotlib", "pylab", "seaborn"})
SHARING = frozenset(
    [
        "from_numpy",
        "as_tensor",
        "asarray",
        "numpy",
        "detach",
        "cpu",
        "Tensor",
        "FloatTensor",
        "DoubleTensor",
        "LongTensor",
        "IntTensor",
        "asanyarray",
        "ascontiguousarray",
        "from_dlpack",
    ]
)


GENERIC = data_methods() | COMMON_METHODS
"""Methods of tensors, arrays and containers: that something else has one of the same name does not say much."""


def converting_names(file: FileOutline) -> frozenset[str]:
    """The names of packages that convert the tensors which they are given, and of what is imported from them."""
    return frozenset(name for name, full in file.imports.items() if full.lstrip(".").split(".")[0] in CONVERTING)


class Vocabulary:
    """Which names of a file stand for torch, and which for packages that convert tensors."""

    def __init__(self, file: FileOutline) -> None:
        roots = {name: full.lstrip(".").split(".")[0] for name, full in file.imports.items()}
        self.torch = frozenset(
            name for name, root in roots.items() if root.startswith(("torch", "pytorch", "lightning"))
        )
        self.converting = converting_names(file)
        self.draws = not _DRAWING.isdisjoint(roots.values())
        without = ("numpy", "matplotlib", "pylab")
        self.classes = frozenset(name for name in self.converting if roots[name] not in without)
        """Packages whose classes make objects that convert what their methods are given."""
        self.sharing = frozenset(
            name
            for name, full in file.imports.items()
            if full.rpartition(".")[2] in SHARING or full.endswith(("to_numpy", "to_cpu", "to_tensor"))
        )
        self.numpy = frozenset(name for name, root in roots.items() if root == "numpy")
        self.aliases = {name: full.rpartition(".")[2] for name, full in file.imports.items()}
        self.local = frozenset(
            {*file.functions, *file.classes, *(name for class_ in file.classes.values() for name in class_.methods)}
        ) - {"forward", "__init__"}
        self.fields = {
            name: frozenset(field for field, node in class_.annotations.items() if "Tensor" in ast.unparse(node))
            for name, class_ in file.classes.items()
            if class_.annotations
        }
        """The fields of each class of the file that are said to hold tensors."""
        self.starred = any(not star.startswith("torch") for star in file.stars)
        self.ours = frozenset(project_names(file))
        self.math = frozenset(name for name, root in roots.items() if root == "math")
        self.plain = frozenset(name for name, root in roots.items() if root in _PLAIN_MODULES)
        self.imports = file.imports
        self.elsewhere: Mapping[str, Collection[str]] = {}
        """Full names of imported functions that convert what they are given (see sinks.py), and methods that do, with
        the names of their classes."""

    def handed_to(self, func: ast.expr) -> str | None:
        """The full name of the project's function or class that is called; None if it is none of the project's."""
        name = dotted(func)
        root, _, rest = (name or "").partition(".")
        if root not in self.ours:
            return None
        return f"{self.imports[root]}.{rest}" if rest else self.imports[root]

    def converts_elsewhere(self, func: ast.expr) -> bool:
        """Whether what is called is one of `elsewhere`, or a method of that name."""
        if isinstance(func, ast.Attribute) and (classes := self.elsewhere.get(func.attr)):
            name = last_name(func.value).replace("_", "").lower()
            return func.attr not in GENERIC or any(name in each.lower() for each in classes if name)
        return self.handed_to(func) in self.elsewhere


_PLAIN_MODULES = frozenset({"argparse", "datetime", "glob", "hashlib", "inspect", "json", "logging", "math", "os"})
_PLAIN_MODULES |= {"pathlib", "random", "re", "shutil", "string", "struct", "subprocess", "sys", "tempfile", "time"}
"""Modules whose functions give no tensors."""
