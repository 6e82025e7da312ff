"""Test files, in which less can be wrong: what raises there has been noticed."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torchconv_lint.analysis.syntax.outline import FileOutline

_NAME = re.compile(r"(^test_\w*|\w*_tests?|^conftest)\.py$")


def is_test_file(path: str, outline: FileOutline) -> bool:
    """Whether a file holds tests: by its name and by what it defines, since many a `test.py` evaluates a model."""
    if not _NAME.search(os.path.basename(path)):
        return False
    return any(function.name.startswith("test_") for function in outline.all_functions())
