"""Names by which events and rules speak of the same things: rules are imported without the analysis and libcst."""

from __future__ import annotations

NUMBER = "number"
TRUTH = "truth"
COPY = "copy"
ARRAY = "array"
LIST = "list"
TEXT = "text"
SIZE = "size"
"""What is read: one number, a truth value, all of it (as a tensor on the host, an array or a list), a text made of it,
or how many elements a result has."""

COMPILE = "compile"
FULLGRAPH = "fullgraph"
VMAP = "vmap"
GRAD = "grad"
TRACE = "trace"
SCRIPT = "script"
EXPORT = "export"
CAPTURE = "capture"
BACKWARD = "backward"
"""What hands a function on to be compiled, traced or transformed."""

TO_HOST = "is brought to the host"
"""The step of a tensor that code takes from wherever it is to the CPU."""

THERE_ALREADY = "gives the tensor itself when it is on the CPU already"
"""How a handle of the same memory comes about that is a copy wherever there is an accelerator."""

HERE_ALREADY = "gives the tensor itself, which is on the CPU already"
"""The same, where no accelerator is in sight."""
