"""What a function's ast shows of possible hazards, as survey.py finds it: one quick walk, no evaluation.

A *trigger* is a name for something that a rule could hear of. Rules need no finer choice than this: the interpreter
decides; a trigger only has to be there whenever a finding could be.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from torchconv_lint.vocabulary import SHARING

TO_NUMPY = "to-numpy"
IMPLICIT = "implicit"
MEETING = "meeting"
SHARED_WRITE = "shared-write"
SNAPSHOT = "snapshot"
SCALAR = "scalar"
TRUTH = "truth"
COUNT = "count"
ARGUMENT_SCALAR = "argument-scalar"
ARGUMENT_COUNT = "argument-count"
KEPT = "kept"
HANDED = "handed"
ARGUMENT_WRITE = "argument-write"
MEMORY = frozenset({SHARED_WRITE, SNAPSHOT, KEPT, ARGUMENT_WRITE})
"""Triggers for which the interpreter has to follow memory."""
PASSED = frozenset({TO_NUMPY, IMPLICIT, MEETING, TRUTH, ARGUMENT_SCALAR, ARGUMENT_COUNT})
"""Triggers for which it matters what callers in the file pass."""
CONVERTS = frozenset({TO_NUMPY, IMPLICIT, HANDED})
"""Triggers for which it matters what a function in another file of the project gives."""


@dataclass(slots=True, repr=False, eq=False)
class Features:
    """What a walk has found of a function.

    `triggers`: see above. `calls`: names that are called. `torchy`: it handles tensors; `foreign`: it uses names from
    the project's other files. `counted`: some have a known number of elements. `takes_arguments`: an argument reaches a
    conversion, so that callers matter. `rewrites`: it gives a result, and writes what it was given, or a view of that.
    `made`: names made from tensors. `trains`: an optimiser steps. `keeps_shared`:
    it keeps a converted attribute of `self` in another; `lends`: it returns a module's parameters as they are;
    `writes_self`: it writes one in place. `passed`: names in the arguments of each function and method of the file that
    is called; `results`: names bound to what it gives. `kept`: attributes of `self` in which it stores tensors,
    "self.x"; `asked`: those whose truth value it asks for. `given`: parameters, and names made from them; `written`:
    names written in place; `data`: names that may be tensors; `sunk`: names that reach a conversion; `described`: names
    of what says whether a tested field holds a tensor. `words`: names of attributes and of called functions, "name="
    for keyword arguments, "np.flip" and "torch.Tensor" for what is called of NumPy and torch (`torch.tensor` of a
    number left out), "+=" and "append()" for what is added or appended and is not plainly a number, "for", "[::-1]",
    "counted", and what constructing.py tells, of which rules choose their own triggers.
    """

    triggers: set[str] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)
    torchy: bool = False
    foreign: bool = False
    counted: bool = False
    takes_arguments: bool = False
    rewrites: bool = False
    made: set[str] = field(default_factory=set)
    trains: bool = False
    keeps_shared: bool = False
    lends: bool = False
    writes_self: bool = False
    results: dict[str, set[str]] = field(default_factory=dict)
    passed: dict[str, set[str]] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    data: set[str] = field(default_factory=set)
    given: set[str] = field(default_factory=set)
    sunk: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    described: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)

    def interesting(self, *, torchy: bool, counted: bool, trained: bool, called: bool, thorough: bool) -> bool:
        """Whether any rule could hear of it.

        Everything but `.numpy()` itself needs tensors to get here; `COUNT` needs a tensor whose number of elements is
        known (`counted`); `KEPT` needs an optimiser's step here or in a function that is called (`trained`); what is
        done with an argument of unknown type matters when the file itself calls the function (`called`).
        An argument written under its own name is never more than a possible finding: looked at only if `thorough`.
        """
        if TO_NUMPY in self.triggers or (IMPLICIT in self.triggers and self.foreign):
            return True
        if not torchy:
            return False
        if self.triggers - {COUNT, KEPT, ARGUMENT_SCALAR, ARGUMENT_COUNT, ARGUMENT_WRITE}:
            return True
        if thorough and ARGUMENT_WRITE in self.triggers:
            return True
        if called and (ARGUMENT_SCALAR in self.triggers or (counted and ARGUMENT_COUNT in self.triggers)):
            return True
        return (counted and COUNT in self.triggers) or (trained and KEPT in self.triggers)


def shares(found: Features) -> bool:
    """Whether the function converts something without copying it."""
    return bool(found.calls & SHARING)
