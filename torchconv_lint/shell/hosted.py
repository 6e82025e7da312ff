"""Results of earlier runs under flake8, which has no memory of its own.

They are kept where programs keep such things for the user, unless a folder is named: a plugin has no business in the
folders of a project.
"""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING

from torchconv_lint.digest import digest
from torchconv_lint.model import Outcome
from torchconv_lint.shell.checked import Checked
from torchconv_lint.shell.memory import Memory
from torchconv_lint.shell.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from torchconv_lint.settings import Settings
    from torchconv_lint.source import Source


def remembered(folder: str, source: Source, settings: Settings, lint: Callable[[], Outcome]) -> Outcome:
    """What `lint` says of a file: from `folder` if the file, what it imports and the settings are those of then, and
    else from now, which is kept there."""
    store, memory = _opened(folder, settings, os.getpid())
    content = digest(source.text.encode("utf-8", "surrogatepass"))
    known = memory.recall_content(source.path, content)
    if known is not None:
        return Outcome(known.findings, consulted=known.consulted)
    outcome = lint()
    memory.keep(Checked(source.path, outcome.findings, outcome.problems, digest=content, consulted=outcome.consulted))
    store.write()  # at once: flake8 ends its worker processes without a word
    return outcome


@functools.cache
def of_the_user() -> str:
    """The folder for the results of whoever runs this, on this platform."""
    from platformdirs import user_cache_dir

    return user_cache_dir("torchconv_lint", appauthor=False)


@functools.lru_cache(maxsize=1)
def _opened(folder: str, settings: Settings, _process: int) -> tuple[Store, Memory]:
    """The folder, open as long as the process lives. No two processes share one connection."""
    store = Store(folder).__enter__()
    return store, Memory(store, ("flake8", settings))
