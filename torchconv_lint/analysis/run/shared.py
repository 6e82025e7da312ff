"""What the interpreters of all files have in common while one file is linted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.kept_graphs import KeptGraphs

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.frame import Definition
    from torchconv_lint.analysis.run.interpreter import Interpreter
    from torchconv_lint.analysis.syntax.outline import ClassOutline, FileOutline, FunctionOutline

STATEMENT_BUDGET = 60_000
"""Statements run for one entry point, loops and callees included, before it is given up."""

CALL_DEPTH = 2, 3
"""So deep are calls followed: where nobody has asked for what is seldom sure, and where somebody has. Each third call
in a row costs a twenty-fifth of all that is evaluated, for 1 of 187 known findings (measured)."""
CONTEXTS = 2, 4
"""A function is evaluated for at most so many different kinds of arguments (the same two cases); calls beyond give an
unknown result. The third and the fourth cost a twentieth, for 1 of 187."""


class OverBudget(Exception):
    """An entry point took more than its budget."""


class Shared:
    """The call stack, its budget, and what is known across files.

    `active`: the functions that are being evaluated, innermost last; `entering`: those of them that were entered as if
    unknown code had called them. `cut_short`: a call was too deep to be followed. `importing`: how many imports are
    being looked up, one for the sake of another: meanwhile they mean nothing. `interpreters` are those of the files
    beside the linted one, `homes` tells which of them defines a class. `refused`: a module that stays on the CPU was
    given what is on an accelerator (see left_behind.py). `eager`: somebody has asked for what is seldom sure;
    `anywhere`: and for what can be told of a tensor that is wherever a caller has it; `of_helpers`: and of what helpers
    that are called after a conversion make of whatever they are given.
    """

    def __init__(self) -> None:
        self.active: list[Definition] = []
        self.entering: set[FunctionOutline] = set()
        self.cut_short = False
        self.refused = False
        self.eager = False
        self.anywhere = False
        self.of_helpers = False
        self.importing = 0
        self.spent = 0
        self.graphs = KeptGraphs()
        self.interpreters: dict[FileOutline, Interpreter] = {}
        self.homes: dict[ClassOutline, Interpreter] = {}
        self.bases: dict[ClassOutline, list[ClassOutline]] = {}
        self.external_bases: dict[ClassOutline, list[str]] = {}

    @property
    def call_depth(self) -> int:
        """So deep are calls followed."""
        return CALL_DEPTH[self.eager]

    @property
    def contexts(self) -> int:
        """For so many kinds of arguments is a function evaluated."""
        return CONTEXTS[self.eager]

    def spend(self) -> None:
        """Count one statement against the budget of the entry point."""
        self.spent += 1
        if self.spent > STATEMENT_BUDGET:
            raise OverBudget
