"""What statements do to a frame's state."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.calling.transforms import Transform, decorate
from torchconv_lint.analysis.domain.dtypes import external
from torchconv_lint.analysis.domain.frame import EXECUTE, Frame, executes
from torchconv_lint.analysis.domain.iteration import element_of
from torchconv_lint.analysis.domain.replaced_items import begin_round, end_loop, replaced_in
from torchconv_lint.analysis.domain.state import State, join_all, join_states
from torchconv_lint.analysis.domain.terms import CAPTURE
from torchconv_lint.analysis.domain.underway import begun_anew
from torchconv_lint.analysis.domain.values import (
    NONE,
    NOTHING,
    Autocast,
    Capture,
    Foreign,
    Function,
    GradMode,
    Opaque,
    Value,
    just,
)
from torchconv_lint.analysis.nodes.names import dotted_path, import_bindings
from torchconv_lint.analysis.semantics.assign import assign, augment, forget
from torchconv_lint.analysis.semantics.brought_back import spare_the_others
from torchconv_lint.analysis.semantics.narrowing import assume
from torchconv_lint.analysis.semantics.truth import test
from torchconv_lint.analysis.semantics.unbound import is_bound_on_the_way
from torchconv_lint.analysis.telling.conversions import REFUSALS, REFUSED
from torchconv_lint.analysis.telling.given_out import tell_buffers_given
from torchconv_lint.analysis.telling.going_back import gave_loss
from torchconv_lint.analysis.telling.kept_graphs import added_up
from torchconv_lint.analysis.telling.left_with_callers import (
    tell_added,
    tell_appended,
    tell_assigned,
    tell_hooking,
    tell_metered,
    tell_returned,
    tell_set,
)
from torchconv_lint.analysis.telling.loops import enter as enter_loop
from torchconv_lint.analysis.telling.loops import goes_through_few, is_periodic, is_seldom
from torchconv_lint.analysis.telling.metric_states import tell_state_added, tell_state_appended
from torchconv_lint.analysis.telling.other_modules import moves_on
from torchconv_lint.analysis.telling.sharing import age_kept, age_rows, as_row, forget_dropped, forget_unheld
from torchconv_lint.analysis.telling.states_kept import tell_state_kept
from torchconv_lint.analysis.telling.to_tensor import tell_double

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

RUN_TWICE = 2
"""So many loops inside each other have their bodies run twice: the second pass finds what the first has left behind.
Deeper ones are run once, since the passes of the outer loops multiply theirs, unless graphs are put aside there: only
the second round finds them. A third pass, for what is handed on from name to name between rounds, was a tenth of all
that was evaluated and changed none of 651 known findings (measured)."""


def run_block(frame: Frame, body: Iterable[cst.CSTNode]) -> None:
    """Run statements until one leaves the block."""
    for statement in body:
        if not frame.alive:
            return
        if type(statement) is cst.SimpleStatementLine:
            for small in statement.body:
                if frame.alive:
                    _run(frame, small)
        else:
            _run(frame, statement)


def _run(frame: Frame, node: cst.CSTNode) -> None:
    frame.interpreter.shared.spend()
    handler = EXECUTE.get(type(node))
    if handler is not None:
        handler(frame, node)


def run_suite(frame: Frame, suite: cst.BaseSuite) -> None:
    """Run the body of a compound statement."""
    if type(suite) is cst.IndentedBlock:
        run_block(frame, suite.body)
    else:
        for small in suite.body:
            if frame.alive:
                _run(frame, small)


def _branch(frame: Frame, start: State, run: Callable[[], None]) -> State | None:
    """Run one branch from a copy of `start`; its final state, or None if it does not come out at the end."""
    frame.state, frame.alive = start.copy(), True
    run()
    return frame.state if frame.alive else None


def _meet(frame: Frame, states: list[State | None]) -> None:
    met = [state for state in states if state is not None]
    forget_dropped(met)
    joined = join_all(met)
    if joined is None:
        frame.alive = False
    else:
        frame.state, frame.alive = joined, True


@executes(cst.Expr)
def _expression(frame: Frame, node: cst.Expr) -> None:
    frame.statement = node.value
    frame.evaluate(node.value)
    frame.statement = None
    if frame.interpreter.eager:
        tell_appended(frame, node.value)
        tell_state_appended(frame, node.value)
        tell_set(frame, node.value)
        tell_hooking(frame, node.value)
        tell_metered(frame, node.value)


@executes(cst.Assign)
def _assign(frame: Frame, node: cst.Assign) -> None:
    value = frame.evaluate(node.value)
    if frame.interpreter.eager:
        tell_hooking(frame, node.value)
    for target in node.targets:
        value = added_up(frame, target.target, value, node.value, node)
        if frame.interpreter.eager:
            tell_assigned(frame, target.target, node.value)
            tell_state_kept(frame, target.target, node.value)
        assign(frame, target.target, value, node.value)


@executes(cst.AnnAssign)
def _annotated(frame: Frame, node: cst.AnnAssign) -> None:
    if node.value is not None:
        assign(frame, node.target, frame.evaluate(node.value), node.value)


@executes(cst.AugAssign)
def _augmented(frame: Frame, node: cst.AugAssign) -> None:
    augment(frame, node)
    if frame.interpreter.eager and type(node.operator) is cst.AddAssign:
        tell_added(frame, node.target, node.value, node)
        tell_state_added(frame, node.target, node.value, node)


@executes(cst.Del)
def _delete(frame: Frame, node: cst.Del) -> None:
    elements = node.target.elements if isinstance(node.target, cst.Tuple | cst.List) else ()
    for target in [element.value for element in elements] or [node.target]:
        if type(target) is cst.Name:
            forget(frame, target.value)


@executes(cst.Return)
def _return(frame: Frame, node: cst.Return) -> None:
    value = frame.evaluate(node.value) if node.value is not None else NONE
    if not frame.alive:
        return  # it has raised
    gave_loss(frame, value, node)
    tell_double(frame, value, "the caller", node)
    if frame.interpreter.eager and node.value is not None:
        tell_returned(frame, node.value)
    if frame.interpreter.wants.buffers and node.value is not None:
        tell_buffers_given(frame, node.value)
    frame.returns.append(value)
    frame.exits.append(frame.state)
    frame.alive = False


@executes(cst.Raise)
def _raise(frame: Frame, node: cst.Raise) -> None:
    frame.alive = False


@executes(cst.Break)
def _break(frame: Frame, node: cst.Break) -> None:
    frame.breaks.append(frame.state)
    frame.alive = False


@executes(cst.Continue)
def _continue(frame: Frame, node: cst.Continue) -> None:
    frame.continues.append(frame.state)
    frame.alive = False


@executes(cst.Assert)
def _assert(frame: Frame, node: cst.Assert) -> None:
    frame.asserting = True
    test(frame, node.test)
    frame.asserting = False
    frame.alive = frame.alive and assume(frame, node.test, True)


@executes(cst.If)
def _if(frame: Frame, node: cst.If) -> None:
    # An `elif` chain is walked in a loop, so that a long one needs no deep recursion.
    ends: list[State | None] = []
    seldom, before = frame.seldom, frame.state
    branch: cst.If | cst.Else | None = node
    tests: list[cst.BaseExpression] = []
    asked, outer = set[str](), frame.asked
    while type(branch) is cst.If:
        tests.append(branch.test)
        frame.asked = frozenset(asked)
        test(frame, branch.test)
        frame.asked = outer
        asked.add(_asked_first(branch.test))
        if not frame.alive:  # the test itself raises
            break
        start, current = frame.state, branch
        frame.seldom = frame.seldom or is_seldom(frame, branch.test)

        def run(chosen: cst.If = current) -> None:
            frame.alive = assume(frame, chosen.test, True)
            if frame.alive:
                run_suite(frame, chosen.body)

        ends.append(_branch(frame, start, run))
        frame.state = start.copy()
        frame.alive = assume(frame, current.test, False)
        if not frame.alive:
            break
        spare_the_others(frame, current, start)
        branch = current.orelse
    if frame.alive:
        if type(branch) is cst.Else:
            run_suite(frame, branch.body)
        elif len(tests) > 1:
            _forget_dummies(frame, tests, before, ends)
            _forget_earlier_rounds(frame, node, tests, before, ends)
        ends.append(frame.state if frame.alive else None)
    # After `if step % 10: continue` the rest of the round is run now and then only.
    frame.seldom = seldom or (None in ends and bool(frame.loops) and is_periodic(node.test))
    _meet(frame, ends)


def _asked_first(node: cst.BaseExpression) -> str:
    """The name or dotted name whose truth a test asks for before anything else; "" if it begins with something else."""
    while True:
        if type(node) is cst.BooleanOperation:
            node = node.left
        elif type(node) is cst.UnaryOperation and type(node.operator) is cst.Not:
            node = node.expression
        else:
            return "" if type(node) is cst.UnaryOperation else dotted_path(node) or ""


def _forget_dummies(frame: Frame, tests: list[cst.BaseExpression], before: State, ends: Iterable[State | None]) -> None:
    """After `if isinstance(x, A): y = … elif isinstance(x, B): y = …` without an else, what `y` was before is a dummy:
    the types are those that `x` may have. `x` itself may be of a third."""
    tested = {_asked_type(node) for node in tests}
    if len(tested) > 1 or None in tested:
        return
    states = [state for state in ends if state is not None]
    asked = {kind for name in tested for kind, _ in before.names.get(name or "", ())}
    for name, value in before.names.items():
        same = any(kind in asked for kind, _ in value)
        if states and not same and all(state.names.get(name) is not value for state in states):
            frame.state.names.pop(name, None)


def _forget_earlier_rounds(
    frame: Frame, node: cst.If, tests: list[cst.BaseExpression], before: State, ends: Iterable[State | None]
) -> None:
    """After `if mode == "a": y = … elif mode == "b": y = …` without an else, in a loop before which nothing binds `y`:
    what it was is of an earlier round, and the first one would have met no `y`. The modes are those that are there."""
    asked, origin = {_compared(one) for one in tests}, frame.segment.origin(node)
    if not frame.rounds or len(asked) > 1 or None in asked or frame.outline is None or origin is None:
        return
    states = [state for state in ends if state is not None]
    for name, value in before.names.items():
        renewed = bool(states) and "." not in name and all(state.names.get(name) is not value for state in states)
        if renewed and not is_bound_on_the_way(frame.outline.node, origin, name):
            frame.state.names.pop(name, None)


def _compared(node: cst.BaseExpression) -> str | None:
    """The name or dotted name that the test compares with a string, if that is all it does."""
    if type(node) is not cst.Comparison or len(node.comparisons) != 1:
        return None
    target = node.comparisons[0]
    if type(target.operator) is not cst.Equal or type(target.comparator) is not cst.SimpleString:
        return None
    return dotted_path(node.left)


def _asked_type(node: cst.BaseExpression) -> str | None:
    """The name whose type the test asks for, if that is all it does."""
    if type(node) is not cst.Call or type(node.func) is not cst.Name or node.func.value != "isinstance":
        return None
    return node.args[0].value.value if node.args and type(node.args[0].value) is cst.Name else None


def _loop(
    frame: Frame,
    enter: Callable[[], None],
    leave: Callable[[], None],
    node: cst.For | cst.While,
    *,
    runs: bool = False,
    iterable: Value = NOTHING,
) -> None:
    """Run a loop. Only what the last pass emitted stays: that one saw what the first had left. A third one sees what
    only the second has put aside, in a branch that the first round does not take (`if first: total = out`). `runs`: it
    is surely run at least once."""
    outer_breaks, outer_continues = frame.breaks, frame.continues
    head, mark = frame.state, len(frame.events)
    entered = head.underway
    returned = len(frame.returns), len(frame.exits), len(frame.yields)
    twice = frame.loop_depth < RUN_TWICE
    loops, seldom = frame.loops, frame.seldom
    enter_loop(frame, node, iterable)
    frame.loop_depth += 1
    rounds, frame.rounds = frame.rounds, (*frame.rounds, node)
    ends: list[State | None] = []
    for again in (False, True, True):
        known = node in frame.put_aside
        del frame.events[mark:]
        del frame.returns[returned[0] :], frame.exits[returned[1] :], frame.yields[returned[2] :]
        frame.breaks, frame.continues = [], []
        frame.seldom = seldom

        def run() -> None:
            frame.state.underway = begun_anew(frame.state.underway, entered)
            enter()
            if frame.alive:
                run_suite(frame, node.body)

        end = join_all([*filter(None, [_branch(frame, head, run)]), *frame.continues])
        ends = [end, *frame.breaks]
        for state in (head, end):
            if state is not None and state.stale:
                forget_unheld(state)
        aside = node in frame.put_aside
        if not (aside and not known if again else twice or aside):
            break
        grown = join_states(head, end)
        if grown is None or grown.same_as(head):
            break
        head = grown
    frame.loop_depth -= 1
    frame.rounds = rounds
    frame.loops, frame.seldom = loops, seldom
    breaks = frame.breaks
    frame.breaks, frame.continues = outer_breaks, outer_continues

    def run_else() -> None:
        leave()
        if frame.alive and node.orelse is not None:
            run_suite(frame, node.orelse.body)

    end = ends[0]
    finished = _branch(frame, end if runs and end is not None else join_states(head, end) or head, run_else)
    _meet(frame, [finished, *breaks])


@executes(cst.For)
def _for(frame: Frame, node: cst.For) -> None:
    iterable = frame.evaluate(node.iter)
    if not frame.alive:
        return
    element = element_of(frame, iterable, node.iter)
    replaced = replaced_in(frame, node)

    def enter() -> None:
        if frame.tracks:
            age_kept(frame, element)
            age_rows(frame, node)
            moves_on(frame, node)
        assign(frame, node.target, as_row(node, element) if frame.tracks else element, node.iter)
        begin_round(frame, node, replaced)

    if goes_through_few(frame, node, iterable):
        frame.few.add(node)
    # Loops are written for data that is there: what only empty data would leave is no reason to speak.
    _loop(frame, enter, lambda: end_loop(frame, node), node, runs=True, iterable=iterable)


@executes(cst.While)
def _while(frame: Frame, node: cst.While) -> None:
    failed = False

    def enter() -> None:
        nonlocal failed
        if frame.tracks:
            moves_on(frame, node)
        test(frame, node.test)
        failed = failed or not frame.alive
        frame.alive = frame.alive and assume(frame, node.test, True)

    def leave() -> None:
        frame.alive = assume(frame, node.test, False)

    _loop(frame, enter, leave, node)
    frame.alive = frame.alive and not failed


@executes(cst.With)
def _with(frame: Frame, node: cst.With) -> None:
    before, autocast = frame.state.grad, frame.autocast
    captured: list[cst.BaseExpression] = []
    for item in node.items:
        value = frame.evaluate(item.item)
        for alt in value:
            if isinstance(alt.kind, GradMode):
                frame.state.grad = alt.kind.enabled
            elif isinstance(alt.kind, Autocast):
                frame.autocast = alt.kind.dtype
            elif isinstance(alt.kind, Opaque) and _switches_grad_off(item.item):
                frame.state.grad = False
            elif isinstance(alt.kind, Capture) and frame.interpreter.wants.traces:
                captured.append(item.item)
        if item.asname is not None:
            assign(frame, item.asname.name, value, item.item)
    if captured and frame.alive:
        _run_captured(frame, node.body, Transform(CAPTURE, "cuda.graph", frame.site(captured[0])))
    if frame.alive:
        run_suite(frame, node.body)
    frame.state.grad, frame.autocast = before, autocast


_GRAD_OFF = re.compile(r"(^|[._])(no_?grad|inference_?mode)$", re.I)


def _switches_grad_off(node: cst.BaseExpression) -> bool:
    """`with settings.INFERENCE_MODE():`, whatever made it."""
    path = dotted_path(node.func if type(node) is cst.Call else node)
    return path is not None and _GRAD_OFF.search(path) is not None


def _run_captured(frame: Frame, body: cst.BaseSuite, transform: Transform) -> None:
    """Run the body once more, as a CUDA graph captures it."""
    state, trace, returned = frame.state, frame.trace, len(frame.returns)
    frame.state, frame.trace = state.copy(), transform
    run_suite(frame, body)
    frame.state, frame.trace, frame.alive = state, trace, True
    del frame.returns[returned:], frame.exits[returned:]


@executes(cst.Try, cst.TryStar)
def _try(frame: Frame, node: cst.Try | cst.TryStar) -> None:
    start = frame.state
    caught, frame.caught = frame.caught, frame.caught | _caught(node)
    after_body = _branch(frame, start, lambda: run_suite(frame, node.body))
    frame.caught = caught
    middle = join_states(start.copy(), after_body) or start
    ends: list[State | None] = []
    seldom = frame.seldom
    for handler in node.handlers:
        frame.seldom = bool(frame.loops) or seldom
        frame.caught = caught | REFUSED if _handles_refusals(handler) else caught
        ends.append(_branch(frame, middle, lambda h=handler: run_suite(frame, h.body)))  # type: ignore[misc]
    frame.seldom, frame.caught = seldom, caught
    if after_body is not None and node.orelse is not None:
        orelse = node.orelse
        after_body = _branch(frame, after_body, lambda: run_suite(frame, orelse.body))
    _meet(frame, [after_body, *ends])
    if node.finalbody is not None:
        came_out = frame.alive
        if not came_out:
            frame.state, frame.alive = middle.copy(), True
        run_suite(frame, node.finalbody.body)
        frame.alive = frame.alive and came_out


def _caught(node: cst.Try | cst.TryStar) -> frozenset[str]:
    """The errors that the handlers name."""
    return frozenset(name for handler in node.handlers for name in _named(handler))


def _named(handler: cst.ExceptHandler | cst.ExceptStarHandler) -> list[str]:
    """The errors that a handler names; none if it takes all."""
    if type(handler.type) is cst.Tuple:
        return [dotted_path(element.value) or "" for element in handler.type.elements]
    return [dotted_path(handler.type) or ""] if handler.type is not None else []


def _handles_refusals(handler: cst.ExceptHandler | cst.ExceptStarHandler) -> bool:
    """Whether it goes on with what torch has refused, which need not be a tensor: `try: x = x.cpu().numpy()`, `except
    AttributeError: x = np.asarray(x)`."""
    named = _named(handler)
    return not named or not REFUSALS.union({"Exception", "AttributeError"}).isdisjoint(named)


@executes(cst.Match)
def _match(frame: Frame, node: cst.Match) -> None:
    frame.evaluate(node.subject)
    start = frame.state
    ends: list[State | None] = [start]
    for case in node.cases:
        ends.append(_branch(frame, start, lambda c=case: run_suite(frame, c.body)))  # type: ignore[misc]
    _meet(frame, ends)


@executes(cst.FunctionDef)
def _function(frame: Frame, node: cst.FunctionDef) -> None:
    definition = frame.interpreter.definitions.nested(node, frame)
    function = just(Function(definition))
    frame.state.put(node.name.value, function)
    if node.decorators and frame.interpreter.wants.traces:
        decorate(frame, node, function)


@executes(cst.ClassDef)
def _class(frame: Frame, node: cst.ClassDef) -> None:
    frame.state.put(node.name.value, just(Foreign()))


@executes(cst.Import, cst.ImportFrom)
def _import(frame: Frame, node: cst.Import | cst.ImportFrom) -> None:
    for name, stands_for in import_bindings(node):
        frame.state.put(name, just(external(stands_for)))
