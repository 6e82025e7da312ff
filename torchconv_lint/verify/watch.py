"""Watching a program line by line for writes that reach memory held under another name.

After every line of the fixture the contents of all values that its variables hold are compared with those before the
line. What changed is the line's write; a write that changes two values on common memory, or one value held in two
places, has gone through to someone who did not write.
"""

from __future__ import annotations

import re
from types import FrameType
from typing import Any

import numpy as np
import torch

from torchconv_lint.verify.memory import Holder, holders, on_host, share
from torchconv_lint.verify.observation import Write

_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")


class Watch:
    """A trace function for `sys.settrace`. `marks`: line → the name of the value that the linter's message names."""

    def __init__(self, path: str, module: str, marks: dict[int, str]) -> None:
        self.writes: list[Write] = []
        self.drifted: set[int] = set()
        self._path, self._module, self._marks = path, module, marks
        self._frames: list[FrameType] = []
        self._line: tuple[int, int] = (0, 0)  # (depth of the frame, line) that is being executed
        self._before: dict[tuple[int, object, int], tuple[Holder, int, bytes, int]] = {}
        self._kept: list[tuple[int, Any, bytes]] = []

    def __call__(self, frame: FrameType, event: str, arg: Any) -> Any:
        """The global trace function: take part in the fixture's own frames only."""
        if frame.f_code.co_filename != self._path or frame.f_code.co_name == "<module>":
            return None
        self._look()
        self._frames.append(frame)
        self._line = (len(self._frames), frame.f_lineno)
        return self._inside

    def _inside(self, frame: FrameType, event: str, arg: Any) -> Any:
        with torch._C.DisableTorchFunction():
            self._look()
            depth, line = self._line
            if line in self._marks and depth == len(self._frames):
                self._keep(frame, line)
            if event == "return":
                if len(self._frames) > 1:
                    self._frames.pop()
                    self._look(compare=False)
                    self._line = (len(self._frames), self._frames[-1].f_lineno)
            elif event == "line":
                self._line = (len(self._frames), frame.f_lineno)
        return self._inside

    def finish(self) -> None:
        """After the program: what the marked lines kept, compared with what it holds now."""
        for line, value, contents in self._kept:
            array = on_host(value)
            if array is not None and array.tobytes() != contents:
                self.drifted.add(line)

    def _keep(self, frame: FrameType, line: int) -> None:
        name = _NAME.match(self._marks[line])
        if name is None:
            return
        first, *rest = name[0].split(".")
        value = frame.f_locals.get(first)
        for attribute in rest:
            value = getattr(value, attribute, None)
        for holder in holders({name[0]: value}, 0, self._module):
            array = on_host(holder.value)
            if array is not None:
                self._kept.append((line, holder.value, array.tobytes()))

    def _look(self, compare: bool = True) -> None:
        with torch._C.DisableTorchFunction():
            now: dict[tuple[int, object, int], tuple[Holder, int, bytes, int]] = {}
            changed: list[tuple[Holder, int, bool]] = []
            for depth, frame in enumerate(self._frames, 1):
                for holder in holders(frame.f_locals, id(frame), self._module):
                    array = on_host(holder.value)
                    if array is None:
                        continue
                    version = getattr(holder.value, "_version", -1) if not _inference(holder.value) else -1
                    key = (*holder.slot, id(holder.value))
                    if key in now:
                        continue
                    now[key] = holder, depth, array.tobytes(), version
                    if key in self._before and self._before[key][2] != now[key][2]:
                        changed.append((holder, depth, version != -1 and version == self._before[key][3]))
            if compare and changed:
                self._record(changed)
            self._before = now

    def _record(self, changed: list[tuple[Holder, int, bool]]) -> None:
        depth, line = self._line
        together = False
        for index, (one, at, _) in enumerate(changed):
            for other, there, _ in changed[index + 1 :]:
                if one.value is not other.value:
                    together |= share(one.value, other.value)
                elif not isinstance(one.value, torch.nn.Parameter):
                    # One object: the same variable of two functions is an argument; two places are an alias.
                    together |= one.kept or other.kept or at == there
        self.writes.append(
            Write(
                line,
                tuple(holder.name for holder, at, _ in changed if at == depth),
                tuple(holder.name for holder, at, _ in changed if at < depth),
                together,
                any(silent for _, _, silent in changed),
            )
        )


def _inference(value: Any) -> bool:
    return isinstance(value, np.ndarray) or bool(value.is_inference())
