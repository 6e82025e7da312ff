"""Which functions of a file are worth analysing at all, decided on the ast that has been parsed anyway."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from torchconv_lint.analysis.outline import FileOutline, FunctionOutline, outline

_MENTIONS = re.compile(r"\b(torch|pytorch_lightning|lightning|transformers|timm|diffusers|accelerate|monai|kornia)\b")


def mentions_tensors(text: str) -> bool:
    """Whether a file can meet torch: a search of the text, before anything is parsed."""
    return _MENTIONS.search(text) is not None


@dataclass(frozen=True)
class Sifted:
    """What is left to analyse: functions, whether the module's own statements are, and where memory is followed."""

    outline: FileOutline
    functions: tuple[FunctionOutline, ...]
    module: bool
    tracked: frozenset[FunctionOutline] | None


def sift(tree: ast.Module, *, everything: bool = False) -> Sifted | None:
    """The functions that hold something a rule could hear of; None if there is none."""
    file = outline(tree)
    return Sifted(file, tuple(file.all_functions()), True, None)
