"""Why a story of how a tensor came to its device, dtype or graph is doubted, though each of its steps may happen."""

from __future__ import annotations

import enum


class Doubt(enum.Enum):
    """What was seldom true in code that nobody had looked at (docs/precision.md)."""

    NAMED = "the code names the accelerator itself (`.cuda()`), leaves nobody the choice, and has not asked for one"
    SPARED = "a branch that asks for devices has not brought it to the host, or a flag says that it is there"
    ECHOED = "it is where other data is, wherever that may be, or what a method that cannot be seen was given"
    REFUSED = "a module that is there is given what is on the CPU, and does not take it as a rule"
    UNPLACED = "a module is given it that nobody is seen to have moved there, and refuses it if it is on the CPU"
    UPSTREAM = "backward goes through what is computed from it, and may get there another way"
    LAYERED = "it is the weight of what is called like a layer, and somebody may have frozen it"
    LEFT_OPEN = "autocast lowers some operations, and the last one of a module that cannot be seen may be none of them"
    SORTED_OUT = "the function asks for this dtype, and need not get here with it"
