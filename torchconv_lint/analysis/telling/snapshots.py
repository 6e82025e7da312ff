"""Handles kept as if they were snapshots, though what they look at goes on changing."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.domain.values import Array, Kind, Opaque, Tensor, just
from torchconv_lint.analysis.syntax.outline import dotted
from torchconv_lint.analysis.syntax.patterns import is_hook, is_snapshot
from torchconv_lint.analysis.syntax.walking import walk
from torchconv_lint.analysis.telling.events import AliasKept
from torchconv_lint.analysis.telling.graph import held
from torchconv_lint.analysis.telling.loops import walked
from torchconv_lint.analysis.telling.other_modules import HANDED, makes_object, module_key
from torchconv_lint.analysis.telling.sharing import form_of, is_of_last_round, memories
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.frame import Frame
    from torchconv_lint.analysis.domain.state import State
    from torchconv_lint.analysis.domain.values import Value
    from torchconv_lint.analysis.nodes.site import Site
    from torchconv_lint.analysis.syntax.outline import FunctionOutline

_EARLIER = re.compile(r"(^|[^a-z])(prev|previous|last|old|former)([^a-z]|$)", re.I)


def tell_alias(frame: Frame, value: Value, node: cst.CSTNode, where: str) -> None:
    """`where = value`: a gradient kept as "the previous one", or a hook's output kept as it is.

    Most hooks look at outputs that nothing overwrites; that another hook of the file clones its output says that here
    something does. A hook that clones in one branch, and keeps the output in another, means to keep it,
    and one that sets the `.data` of something changes that thing.
    """
    form = form_of(value)
    for memory in memories(value):
        if memory.origin == "grad" and _is_let_go(frame, memory.name):
            continue
        if memory.origin == "grad" and (_EARLIER.search(where) or _is_added_to(frame, where)):
            why = "the next backward pass or in-place change of the gradient overwrites it"
            if not _EARLIER.search(where):
                why = f"`{where} += …` adds to the gradient itself, and so does the next backward pass"
            anew = frame.interpreter.facts.renews_gradients  # unless a caller asks it to write zeros
            sure = Confidence.POSSIBLE if anew and not frame.interpreter.eager else Confidence.LIKELY
            frame.emit(AliasKept(frame.site(node), f"`{memory.name}`", why, memory.how, sure, form, unread=anew))
        elif memory.origin == "grad" and frame.loop_depth and _zeroes_in_place(frame):
            why = "the gradients are set to zero in place, and the next backward pass fills them again"
            frame.emit(
                AliasKept(frame.site(node), f"`{memory.name}`", why, memory.how, Confidence.LIKELY, form, unread=True)
            )
        elif memory.origin == "grad" and _IN_STATE.search(where):
            why = "it is the gradient itself, which the next backward pass adds to or makes anew"
            frame.emit(
                AliasKept(frame.site(node), f"`{memory.name}`", why, memory.how, Confidence.LIKELY, form, unread=True)
            )
        elif memory.origin == "module" and memory.side and _is_kept_between_epochs(frame, where):
            why = "it follows the weights as they train"
            frame.emit(AliasKept(frame.site(node), f"`{where}`", why, memory.how, Confidence.LIKELY, unread=True))
        elif memory.origin == "module" and memory.side and _is_loaded_back(frame, where, memory.name):
            why = f"`{memory.name}.load_state_dict` gets it back elsewhere in the class, as the weights are by then"
            frame.emit(AliasKept(frame.site(node), f"`{where}`", why, memory.how, Confidence.LIKELY, unread=True))
        elif memory.origin == "module" and memory.side and where.endswith(".data") and not memory.supposed:
            why = f"`{where}` is the same memory from here on, and either is written in place"
            frame.emit(
                AliasKept(frame.site(node), f"`{memory.name}`", why, memory.how, Confidence.LIKELY, form, unread=True)
            )
        elif memory.origin == "module" and memory.side and _APART.match(where):
            why = "it follows the weights as they train"
            frame.emit(AliasKept(frame.site(node), f"`{where}`", why, memory.how, Confidence.LIKELY, form, unread=True))
        elif memory.origin == "parameter" and memory.name == hook_output(frame) and not where.endswith(".data"):
            why = "an in-place layer that follows overwrites it"
            facts = frame.interpreter.facts
            elsewhere = (facts.hooks_clone or facts.has_inplace_layers) and not _clones(frame)
            asked = frame.interpreter.eager and not (_is_made_here(frame, where) or _clones(frame))
            sure = Confidence.LIKELY if elsewhere or asked else Confidence.POSSIBLE
            what = f"the hook's `{memory.name}`"
            frame.emit(AliasKept(frame.site(node), what, why, memory.how, sure, form or "tensor", by_hook=True))


_BETWEEN_EPOCHS = re.compile(r"^on_\w+_(end|finished|completed)$|^(epoch|validation|evaluation)_end$|^step$|^__call__$")
"""How methods are called that training calls now and then, to go on afterwards."""


_IN_STATE = re.compile(r"^(\w*state|st)\[['\"]|^self\.state\[")
"""Where an optimiser keeps what it needs in its next step."""


def tell_gradient(frame: Frame, value: Value, node: cst.CSTNode, name: str) -> None:
    """`name = value`, where the name says that it is how gradients were before; nothing here has new ones made."""
    outline = frame.outline
    if outline is None or not _EARLIER.search(name) or any(map(_makes_gradients_anew, outline.by_type[ast.Call])):
        return
    for memory in memories(value):
        if memory.origin == "grad" and not _is_let_go(frame, memory.name):
            why = "the next backward pass or in-place change of the gradient overwrites it"
            what, form = f"`{memory.name}`", form_of(value)
            frame.emit(AliasKept(frame.site(node), what, why, memory.how, Confidence.LIKELY, form, unread=True))
            return


def _makes_gradients_anew(node: ast.Call) -> bool:
    """`optimizer.zero_grad()`: it drops the gradients, unless told otherwise."""
    if not isinstance(node.func, ast.Attribute) or node.func.attr != "zero_grad":
        return False
    return not node.args and not node.keywords


def _zeroes_in_place(frame: Frame) -> bool:
    """Whether the function writes zeros into gradients: `zero_grad(set_to_none=False)`, `p.grad.zero_()`."""
    outline = frame.outline
    for call in outline.by_type[ast.Call] if outline is not None else ():
        func = call.func
        if isinstance(func, ast.Attribute) and func.attr == "zero_grad":
            asked = (each.value for each in call.keywords if each.arg == "set_to_none")
            if any(isinstance(value, ast.Constant) and value.value is False for value in asked):
                return True
        if (
            isinstance(func, ast.Attribute)
            and func.attr == "zero_"
            and re.search(r"\.grad(\.data)?$", ast.unparse(func.value))
        ):
            return True
    return False


_APART = re.compile(
    r"self\.\w*(shadow|backup|anchor|old|prev|saved|snapshot|initial|init_|orig|before|means|star)\w*(\[|$)", re.I
)
"""Attributes that hold weights as they were at another time, or a mean of them."""


def _is_kept_between_epochs(frame: Frame, where: str) -> bool:
    """Whether a method that is called while a model trains keeps something under a name that says it is to stay."""
    owner, _, name = where.rpartition(".")
    method = frame.definition.name if frame.definition is not None else ""
    return owner == "self" and is_snapshot(name) and _BETWEEN_EPOCHS.match(method) is not None


def _is_loaded_back(frame: Frame, where: str, module: str) -> bool:
    """Whether another method of the class loads what is kept there, or an item of it, into the module that it is of."""
    outline = frame.outline
    if outline is None or outline.owner is None or not where.startswith("self.") or not module.startswith("self."):
        return False
    for method in outline.owner.methods.values():
        for call in method.by_type[ast.Call] if method is not outline else ():
            if dotted(call.func) == f"{module}.load_state_dict" and call.args:
                loaded = call.args[0]
                while isinstance(loaded, ast.Subscript):
                    loaded = loaded.value
                if dotted(loaded) == where:
                    return True
    return False


def _is_let_go(frame: Frame, path: str) -> bool:
    """Whether the function sets the gradient to None, or to something new: whoever kept it has it alone, and backward
    makes, or writes, another."""
    outline = frame.outline
    stores = outline.by_type[ast.Assign] if outline is not None else ()
    return any(
        path in map(dotted, node.targets)
        and (isinstance(node.value, ast.Call) or (isinstance(node.value, ast.Constant) and node.value.value is None))
        for node in stores
    )


def _is_added_to(frame: Frame, path: str) -> bool:
    """Whether the function goes on adding to what it keeps there, as the first of several."""
    outline = frame.outline
    sums = outline.by_type[ast.AugAssign] if outline is not None else ()
    return any(isinstance(node.op, ast.Add) and ast.unparse(node.target) == path for node in sums)


def tell_left_behind(frame: Frame, final: State) -> None:
    """A function ends, and leaves a module's live state in an attribute called "best", "saved" …, though it has
    trained the module since."""
    for path, value in final.names.items():
        if "." not in path or not is_snapshot(path.rpartition(".")[2]):
            continue
        for memory in memories(value):
            if memory.origin != "module" or memory.kept is None or not memory.side:
                continue
            for write in final.stale.get((memory.key, memory.side), ()):
                site, name = memory.kept
                why = "it follows the weights as they train"
                how = (*memory.how, (write.site, f"{write.target} change here"))
                frame.emit(AliasKept(site, f"`{name}`", why, how, Confidence.LIKELY))
                return


def hook_output(frame: Frame) -> str | None:
    """The name of the output parameter, if the function has a forward hook's signature: (module, input, output)."""
    definition = frame.definition
    if definition is None or type(definition.node) is not cst.FunctionDef:
        return None
    names = [param.name.value for param in definition.node.params.params]
    return names[-1] if is_hook(names) or names[-3:] in _BRIEFLY else None


_BRIEFLY = (["m", "i", "o"], ["mod", "inp", "o"], ["module", "x", "y"], ["module", "inputs", "result"])
"""Parameters of forward hooks that name no output."""


def _is_made_here(frame: Frame, where: str) -> bool:
    """Whether what it is kept in is a name of the function's own, gone when that ends."""
    root = re.split(r"[.\[]", where, maxsplit=1)[0]
    nodes = walked(frame.definition.node) if frame.definition else ()
    targets = (each.target for node in nodes if type(node) is cst.Assign for each in node.targets)
    return any(type(target) is cst.Name and target.value == root for target in targets)


def _clones(frame: Frame) -> bool:
    """Whether the function clones something itself."""
    calls = (
        (child.func for child in walked(frame.definition.node) if type(child) is cst.Call) if frame.definition else ()
    )
    return any(type(func) is cst.Attribute and func.attr.value == "clone" for func in calls)


def _is_filled_up(kind: Kind, live: object) -> bool:
    """Whether something else has been put into a state dict, to be loaded with it."""
    data = [part for part in held(just(kind)) if isinstance(part, Tensor | Array | Opaque)]
    keys = {part.memory.key if part.memory is not None else None for part in data}
    return live in keys and len(keys) > 1


def _is_bound_since(frame: Frame, path: str, site: Site) -> bool:
    """Whether the function binds the name or dotted name again below `site`."""
    outline = frame.outline
    here = site.segment.origin(site.node) if outline is not None and site.segment is frame.segment else None
    if outline is None or here is None:
        return False
    stores = (node for node in (*outline.by_type[ast.Name], *outline.by_type[ast.Attribute]) if _is_store(node))
    return any(node.lineno > getattr(here, "lineno", 0) and dotted(node) == path for node in stores)


def _is_store(node: ast.Name | ast.Attribute) -> bool:
    return isinstance(node.ctx, ast.Store)


def _is_only_loaded(frame: Frame, name: str) -> bool:
    """Whether the function uses the name for nothing but to load it: nobody puts anything else into it."""
    outline = frame.outline
    if outline is None:
        return False
    loaded = {
        id(argument)
        for call in outline.by_type[ast.Call]
        if isinstance(call.func, ast.Attribute) and call.func.attr == "load_state_dict"
        for argument in call.args[:1]
    }
    uses = (node for node in outline.by_type[ast.Name] if node.id == name and isinstance(node.ctx, ast.Load))
    return all(id(node) in loaded for node in uses)


def _has_failed_to_keep(frame: Frame, site: Site, node: cst.CSTNode) -> bool:
    """Whether `node` is in a handler that is only reached if the last statement of the `try`, which keeps the state at
    `site`, was not: it is an older state, of another module where each call makes one."""
    outline = frame.outline
    if outline is None or site.segment is not frame.segment:
        return False
    kept, loaded = (getattr(frame.segment.origin(each), "lineno", 0) for each in (site.node, node))
    for block in outline.by_type[ast.Try]:
        handled = any(handler.lineno <= loaded <= (handler.end_lineno or 0) for handler in block.handlers)
        if handled and isinstance(block.body[-1], ast.Assign) and block.body[-1].lineno == kept:
            return True
    return False


def _is_of_an_earlier_call(frame: Frame, module: str, site: Site, node: cst.CSTNode) -> bool:
    """Whether the function makes the module, loads the state into it, and keeps the state only after that, or another
    function does: it is the one of an earlier call, which had another module."""
    outline = frame.outline
    if outline is None:
        return False
    if site.segment is not frame.segment:
        return _is_made_before(outline, module, getattr(frame.segment.origin(node), "lineno", 0))
    kept, loaded = (getattr(frame.segment.origin(each), "lineno", 0) for each in (site.node, node))
    again = any(kept in lines and loaded in lines for lines in map(_lines, _loops(outline)))
    return loaded < kept and not again and _is_made_before(outline, module, loaded)


def _is_made_before(outline: FunctionOutline, name: str, line: int) -> bool:
    """Whether a function binds the name to a new object before a line."""
    return any(
        node.lineno < line and makes_object(node.value) and any(dotted(target) == name for target in node.targets)
        for node in outline.by_type[ast.Assign]
    )


def _loops(outline: FunctionOutline) -> list[ast.For | ast.While]:
    return [*outline.by_type[ast.For], *outline.by_type[ast.While]]


def _takes_others(frame: Frame, module: str, node: cst.CSTNode) -> bool:
    """Whether the module is given the tensors of the state themselves, `load_state_dict(state, assign=True)`, and those
    of another state elsewhere in the file: in between its weights are not those of the state."""
    if type(node) is not cst.Call or not _assigns(frame.segment.origin(node)):
        return False
    given = frame.text(node.args[0].value)
    return any(
        isinstance(call, ast.Call)
        and _assigns(call)
        and isinstance(call.func, ast.Attribute)
        and dotted(call.func.value) == module
        and ast.unparse(call.args[0]) != given
        for call in walk(frame.interpreter.outline.tree)
    )


def _assigns(call: object) -> bool:
    """Whether it is a call `f(something, assign=True)`."""
    return (
        isinstance(call, ast.Call)
        and bool(call.args)
        and any(
            one.arg == "assign" and isinstance(one.value, ast.Constant) and one.value.value is True
            for one in call.keywords
        )
    )


_TRAINS = re.compile(r"step|backward|train|fit|update|optim|learn|run|epoch", re.I)
_TRAINS_NOTHING = frozenset({"state_dict", "load_state_dict", "eval", "train", "to", "parameters", "named_parameters"})
"""Methods of a module that leave its weights to others."""
_REBUILDS = re.compile(r"_*(prepare|convert|replace|wrap|expand|prune|quanti[sz]e|fuse|swap|inject|parse)", re.I)
"""How functions begin that put other parts into a module: they are not the weights of before, nor do they train."""


def _is_loaded_at_once(frame: Frame, module: str, site: Site, node: cst.CSTNode) -> bool:
    """Whether the state that was kept at `site` is loaded at `node` in the same round of all loops around, and nothing
    between the two can have trained the module."""
    outline = frame.definition.outline_around if frame.definition is not None else None
    if outline is None or site.segment is not frame.segment:
        return False
    kept, loaded = (getattr(frame.segment.origin(each), "lineno", 0) for each in (site.node, node))
    if kept >= loaded or any((kept in lines) is not (loaded in lines) for lines in map(_lines, _loops(outline))):
        return False
    return not any(kept < call.lineno < loaded and _may_train(call, module) for call in outline.by_type[ast.Call])


def _lines(node: ast.stmt) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _may_train(call: ast.Call, module: str) -> bool:
    owner, _, name = (dotted(call.func) or "").rpartition(".")
    if owner == module:
        return name not in _TRAINS_NOTHING
    given = (*call.args, *(keyword.value for keyword in call.keywords))
    handed = _REBUILDS.match(name) is None and any(dotted(one) == module for one in given)
    return handed or _TRAINS.search(name) is not None


def tell_restored(frame: Frame, value: Value, module: str, node: cst.CSTNode) -> None:
    """`module.load_state_dict(value)` where `value` is the module's own live state: nothing is restored.

    That the weights change in between has to show: the file trains, or the snapshot is called the best one, or the
    module has been handed to somebody since, and the snapshot to nobody.
    """
    live = module_key(frame, module)
    for memory in memories(tuple(alt for alt in value if not _is_filled_up(alt.kind, live))):
        handed = memory.key == (*live[:2], HANDED)
        if memory.kept is None or not (handed or memory.key == live) or not memory.side:
            continue
        if handed and not frame.state.stale.get((memory.key, memory.side)):
            continue  # what has trained it gave its state
        site, name = memory.kept
        if _is_bound_since(frame, module, site) or _has_failed_to_keep(frame, site, node):
            continue  # it is another module by now
        if _is_of_an_earlier_call(frame, module, site, node) and not is_snapshot(name.rpartition(".")[2]):
            continue  # training goes on where it ended, in a module of its own
        if _takes_others(frame, module, node):
            continue
        lent = module in frame.handed and _is_only_loaded(frame, name)
        if "." not in name and not frame.has_stepped and not lent:
            continue  # nothing has trained the module since
        written = frame.state.stale.get((memory.key, memory.side))
        if "." not in name and not written and _is_loaded_at_once(frame, module, site, node):
            continue
        why = f"`{module}.load_state_dict({name})` restores nothing: it follows the weights as they train"
        trains = frame.interpreter.facts.trains and ("." in name or frame.has_stepped)
        sure = memory.sure if is_snapshot(name) or trains else min(memory.sure, Confidence.LIKELY)
        if is_of_last_round(frame, memory):
            sure = Confidence.POSSIBLE
        frame.emit(AliasKept(site, f"`{name}`", why, memory.how, sure, memory.form))
