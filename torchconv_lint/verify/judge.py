"""Does an observation show the declared phenomenon, and nothing else?"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from torchconv_lint.verify import proof as words
from torchconv_lint.verify.observation import RAISED, RETURNED, Growth, Observation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torchconv_lint.verify.proof import Phenomenon

# Warnings about the future of an interface say nothing about the conversion, unless a file is about them.
_ABOUT_INTERFACES = {"DeprecationWarning", "PendingDeprecationWarning", "FutureWarning", "ResourceWarning"}

# Since torch 2.8 the first scalar that loses its gradient warns.
_SCALAR = "Converting a tensor with requires_grad=True to a scalar"

Lines = frozenset[int]


def verdict(
    declared: Phenomenon,
    seen: Observation,
    marked: Lines,
    speaks_of: frozenset[str],
    twins: Callable[[str], Observation | None],
) -> str:
    """Say what is different, or "" if `seen` shows what is declared.

    `marked`: the lines at which the linter's findings are expected (their whole statements); what happens must happen
    there. `speaks_of`: all phenomena of the file, and the types of its warnings: what a safe function must not show.
    `twins` gives the observation of another function on the same device.
    """
    if seen.outcome not in (RETURNED, RAISED):
        return f"{seen.outcome}: {seen.type} {seen.text}".strip(": ")
    if declared.word == words.RAISES:
        return _raises(declared, seen, marked)
    if seen.outcome == RAISED:
        return f"raises {seen.type}: {seen.text}"
    warned = [(kind, text, line) for kind, text, line in seen.warnings if kind not in _ABOUT_INTERFACES - speaks_of]
    if declared.word == words.WARNS:
        return _warns(declared, warned, marked)
    if warned and not (declared.word == words.LOSES_GRADIENT and all(_SCALAR in text for _, text, _ in warned)):
        return f"warns {warned[0][0]}: {warned[0][1]}"
    return _CHECKS[declared.word](declared, seen, marked, speaks_of, twins)


def _raises(declared: Phenomenon, seen: Observation, marked: Lines) -> str:
    if seen.outcome != RAISED:
        return "raises nothing"
    if seen.type != declared.type or declared.text not in seen.text:
        return f"raises {seen.type}: {seen.text}"
    if marked and not marked.intersection(seen.lines):
        return f"raises at line {seen.lines[-1] if seen.lines else 0}, not where the finding points"
    return ""


def _warns(declared: Phenomenon, warned: list[tuple[str, str, int]], marked: Lines) -> str:
    right = [line for kind, text, line in warned if kind == declared.type and declared.text in text]
    if not right:
        return f"warns {warned[0][0]}: {warned[0][1]}" if warned else "warns of nothing"
    return "" if not marked or marked.intersection(right) else f"warns at line {right[0]}, not where the finding points"


def _nothing(declared: Phenomenon, seen: Observation, marked: Lines, speaks_of: frozenset[str], twins: Any) -> str:
    if speaks_of & {words.WRITES_THROUGH, words.CHANGES, words.SHARES}:
        for write in seen.writes:
            if write.together:
                return f"line {write.line} writes through: {', '.join(write.names + write.outer)}"
    if words.REWRITES in speaks_of:
        for write in seen.writes:
            if write.outer:
                return f"line {write.line} rewrites the caller's {', '.join(write.outer)}"
    if speaks_of & words.WAITING and seen.waits:
        return f"waits for the device: {seen.waits[0].what}"
    if speaks_of & words.GRAPH and seen.growing:
        return f"keeps the graph: {_grows(seen.growing[0])}"
    if words.UNINITIALISED in speaks_of and seen.unstable:
        return "shows what fresh memory held"
    if words.RACES in speaks_of and seen.race is not None and seen.race.shown:
        return f"gives another value in run {seen.race.runs}"
    return ""


def _writes_through(declared: Phenomenon, seen: Observation, marked: Lines, speaks_of: Any, twins: Any) -> str:
    lines = [write.line for write in seen.writes if write.together]
    if not lines:
        return "no write reaches another name"
    return "" if not marked or marked.intersection(lines) else f"writes through at line {lines[0]}, not at the finding"


def _rewrites(declared: Phenomenon, seen: Observation, marked: Lines, speaks_of: Any, twins: Any) -> str:
    lines = [write.line for write in seen.writes if write.outer]
    if not lines:
        return "no write reaches the caller's data"
    return "" if not marked or marked.intersection(lines) else f"rewrites at line {lines[0]}, not at the finding"


def _changes(declared: Phenomenon, seen: Observation, marked: Lines, speaks_of: Any, twins: Any) -> str:
    return "" if marked.intersection(seen.drifted) else "what is kept stays as it was"


def _waits(declared: Phenomenon, seen: Observation, marked: Lines, speaks_of: Any, twins: Any) -> str:
    if not seen.waits:
        return "nothing waits for the device"
    here = [wait for wait in seen.waits if not marked or marked.intersection(wait.lines)]
    if not here:
        where = seen.waits[0].lines[0] if seen.waits[0].lines else 0
        return f"waits for the device at line {where}, not at the finding"
    if declared.word == words.WAITS_ONCE and len(seen.waits) > 1:
        return f"waits {len(seen.waits)} times"
    return "waits only once" if declared.word == words.WAITS_EACH and len(here) == 1 else ""


def _keeps_graph(declared: Phenomenon, seen: Observation, marked: Lines, speaks_of: Any, twins: Any) -> str:
    if not seen.growing:
        return "the living graph does not grow from step to step (a loop needs three steps to show it)"
    if not marked or any(growth.line in marked for growth in seen.growing):
        return ""
    return f"keeps the graph, but not at the finding: {_grows(seen.growing[0])}"


def _grows(growth: Growth) -> str:
    return f"it grows from {growth.first} to {growth.last} nodes at line {growth.line}"


def _uninitialised(declared: Phenomenon, seen: Observation, marked: Lines, speaks_of: Any, twins: Any) -> str:
    return "" if seen.unstable else "the result does not depend on what fresh memory held"


def _races(declared: Phenomenon, seen: Observation, marked: Lines, speaks_of: Any, twins: Any) -> str:
    if seen.race is None:
        return "was not run repeatedly"
    return "" if seen.race.shown else f"not reproduced in {seen.race.runs} runs"


def _takes(declared: Phenomenon, seen: Observation, marked: Lines, speaks_of: Any, twins: Any) -> str:
    if seen.ratio is None:
        return "was not timed"
    enough = seen.ratio >= float(declared.text)
    return "" if enough else f"takes only {seen.ratio:.1f} times as long as {declared.twin}"


def _loses_gradient(declared: Phenomenon, seen: Observation, marked: Lines, speaks_of: Any, twins: Any) -> str:
    value: Mapping[str, Any] = seen.value if isinstance(seen.value, dict) else {}
    if "grad" not in value:
        return "returns no tensor"
    return "the result still requires grad" if value["grad"] else ""


def _gives_other(declared: Phenomenon, seen: Observation, marked: Lines, speaks_of: Any, twins: Any) -> str:
    right = twins(declared.twin)
    if right is None or right.outcome != RETURNED:
        return f"{declared.twin} did not return a value to compare with"
    mine, other = seen.value, right.value
    if declared.text != "values":
        mine, other = (v.get(declared.text) if isinstance(v, dict) else None for v in (mine, other))
    return f"gives the same {declared.text} as {declared.twin}" if mine == other else ""


_CHECKS: dict[str, Callable[..., str]] = {
    words.NOTHING: _nothing,
    words.WRITES_THROUGH: _writes_through,
    words.SHARES: _writes_through,
    words.REWRITES: _rewrites,
    words.CHANGES: _changes,
    words.WAITS: _waits,
    words.WAITS_ONCE: _waits,
    words.WAITS_EACH: _waits,
    words.KEEPS_GRAPH: _keeps_graph,
    words.KEEPS_ON_PURPOSE: _keeps_graph,
    words.UNINITIALISED: _uninitialised,
    words.RACES: _races,
    words.TAKES: _takes,
    words.LOSES_GRADIENT: _loses_gradient,
    words.GIVES_OTHER: _gives_other,
}
