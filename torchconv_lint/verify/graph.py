"""Watching how much of autograd's graph stays alive from one execution of a line to the next.

Every node of the graph that a call of the program makes gets a token in its metadata, which dies with the node; the
tokens are held weakly and counted whenever a line begins. A graph that is kept grows by at least one node with every
further execution of the line that keeps it; one that is let go of does not.
"""

from __future__ import annotations

import gc
import weakref
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from types import FrameType
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten

from torchconv_lint.verify.observation import Growth

_KEY = "torchconv_lint"
# The first execution has nothing before it, and may leave constants behind: growth is judged from the second on.
_EXECUTIONS = 3


class _Token:
    """Lives as long as the node in whose metadata it is."""

    __slots__ = ("__weakref__",)


class GraphWatch(TorchFunctionMode):  # type: ignore[misc]
    """`with watch: ...` marks the nodes; as a tracer, it counts them line by line."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path
        self._alive: weakref.WeakSet[_Token] = weakref.WeakSet()
        self._counts: dict[int, list[int]] = defaultdict(list)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        with torch._C.DisableTorchFunction():
            for leaf in tree_flatten(result)[0]:
                if isinstance(leaf, torch.Tensor) and leaf.grad_fn is not None and _KEY not in leaf.grad_fn.metadata:
                    token = leaf.grad_fn.metadata[_KEY] = _Token()
                    self._alive.add(token)
        return result

    def trace(self, frame: FrameType, event: str, arg: Any) -> Any:
        """The trace function: count before each line of the file."""
        if frame.f_code.co_filename != self._path or frame.f_code.co_name == "<module>":
            return None
        if event == "line":
            gc.collect()
            self._counts[frame.f_lineno].append(len(self._alive))
        return self.trace

    def growing(self) -> Iterator[Growth]:
        """The lines before which the graph has grown with every execution, and never shrunk."""
        for line, counts in sorted(self._counts.items()):
            later = counts[1:]
            grows = all(one <= other for one, other in pairwise(later))
            if len(counts) >= _EXECUTIONS and grows and later[-1] - later[0] >= len(later) - 1:
                yield Growth(line, len(counts), counts[0], counts[-1])
