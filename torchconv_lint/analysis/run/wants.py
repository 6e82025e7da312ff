"""What is followed only if a rule wants to hear of it."""

from __future__ import annotations

import re

from torchconv_lint.analysis.telling.events import (
    ArgumentKept,
    BufferGiven,
    DoubleKept,
    MadeOnHost,
    OverlapWritten,
    Race,
    RenamedWrite,
    TracedCut,
    TracedRead,
    Wait,
)

_DOUBLES = re.compile(r"""\.(float64|double)\b|["']float64["']|set_default_""")


class Wants:
    """Of a file with this text, for the events that are heard: what has to be followed beside the values."""

    def __init__(self, heard: frozenset[type], text: str) -> None:
        self.loops = Wait in heard
        self.traces = TracedRead in heard or TracedCut in heard
        self.makers = MadeOnHost in heard
        self.arguments = ArgumentKept in heard
        self.buffers = BufferGiven in heard
        self.renames = RenamedWrite in heard
        self.overlaps = OverlapWritten in heard
        self.doubles = DoubleKept in heard and _DOUBLES.search(text) is None
        self.copies = Race in heard and "non_blocking" in text
