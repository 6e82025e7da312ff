"""Conditions that a program tests more than once, so that branches on the same one stay correlated.

A condition is a nested tuple: ("atom", key), ("not", c), ("and", (c, …)) or ("or", (c, …)). A literal is an atom's key
and a truth value. A key must stay the same as long as what it speaks of does: it is built from paths of things that are
not reassigned, never from a loop variable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torchconv_lint.analysis.domain.values import STORED, Const, External

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchconv_lint.analysis.domain.values import Kind, Value, When

Condition = tuple[str, Any]

CUDA_AVAILABLE: Condition = ("atom", "torch.cuda.is_available()")


def atom(key: Any) -> Condition:
    """The condition that only `key` decides."""
    return ("atom", key)


def negation(condition: Condition) -> Condition:
    """The opposite."""
    return condition[1] if condition[0] == "not" else ("not", condition)


def both(conditions: Iterable[Condition]) -> Condition:
    """All of them."""
    return ("and", tuple(conditions))


def either(conditions: Iterable[Condition]) -> Condition:
    """At least one of them."""
    return ("or", tuple(conditions))


def literals(condition: Condition, truth: bool) -> When:
    """What is known of atoms when `condition` has turned out to be `truth`.

    A compound condition is a literal itself as well, so that testing it again gives the same answer.
    """
    form, content = condition
    if form == "atom":
        return frozenset({(content, truth)})
    if form == "not":
        return literals(content, not truth)
    known: When = frozenset({(condition, truth)})
    if truth == (form == "and"):
        for part in content:
            known |= literals(part, truth)
    return known


ASKED, CALLED = "asked", "called"
"""How the keys of what only one question in the code tells begin: one for a type, and a call of anything else."""


def is_answer(key: Any, *forms: str) -> bool:
    """Whether a condition is the answer to one question in the code, of these forms."""
    return isinstance(key, tuple) and key[0] in forms


def equal_to(key: Any) -> tuple[Any, frozenset[Any]] | None:
    """What must equal one of some constants where a condition holds, and the constants."""
    if not isinstance(key, tuple):
        return None
    if len(key) == 3 and key[0] in ("Equal", "Is"):
        constant = key[2]
        is_constant = isinstance(constant, tuple) and len(constant) == 3 and constant[0] == "const"
        return (key[1], frozenset({constant[2]})) if is_constant else None
    if len(key) != 2 or key[0] != "or":
        return None
    parts = [equal_to(part[1]) if part[0] == "atom" else None for part in key[1]]
    subjects = {part[0] if part is not None else None for part in parts}
    if len(subjects) != 1 or None in subjects:
        return None
    return subjects.pop(), frozenset().union(*(part[1] for part in parts if part is not None))


def stable_path(value: Value) -> str | None:
    """The path under which a value stays the same: none if it may have been assigned since, on some way here. What is
    False exactly where the path is has not become anything else."""
    paths: set[str | None] = set()
    for kind, when in value:
        if when:
            same = _same_as(kind, when)
            if not same:
                return None
            paths |= same
        elif type(kind) in STORED:
            paths.add(kind.path)  # type: ignore[attr-defined]
        elif isinstance(kind, External):  # `from options import args`
            paths.add(kind.name)
    return paths.pop() if len(paths) == 1 else None


def _same_as(kind: Kind, when: When) -> set[str]:
    """The paths that are the constant wherever this is the one: `False`, where `path` is."""
    if type(kind) is not Const or type(kind.value) is not bool:
        return set()
    return {key for key, truth in when if truth is kind.value and isinstance(key, str)}
