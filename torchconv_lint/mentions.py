"""Can a file meet torch at all? Asked of every file, so nothing else is imported for it."""

from __future__ import annotations

import re

_LIBRARIES = "torch|pytorch_lightning|lightning|transformers|timm|diffusers|accelerate|monai|kornia|torchvision"
_IMPORTS = re.compile(rf"^[ \t]*(?:from|import)\s[^\n#]*\b(?:{_LIBRARIES})\b", re.MULTILINE)
_METHODS = re.compile(r"\.(?:state_dict|detach|cuda|cpu|numpy)\(")
"""Methods by which a file shows that it handles tensors or modules, though it imports neither."""


def mentions_tensors(text: str) -> bool:
    """Whether a file can meet torch: a search of the text, before anything is parsed."""
    if "\r" in text:  # a line may end with it alone, which a regular expression does not know
        text = text.replace("\r", "\n")
    return _IMPORTS.search(text) is not None or _METHODS.search(text) is not None
