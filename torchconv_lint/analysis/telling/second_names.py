"""A model kept under a second name in the loop that trains it, as if that were a copy: `best_model = model`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torchconv_lint.analysis.domain.state import Write
from torchconv_lint.analysis.domain.values import Instance, Module, Opaque, Value
from torchconv_lint.analysis.nodes.names import dotted_path
from torchconv_lint.analysis.syntax.patterns import is_kept_model
from torchconv_lint.analysis.telling.events import AliasKept
from torchconv_lint.analysis.telling.loops import is_copied_each_round
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    import libcst as cst

    from torchconv_lint.analysis.domain.frame import Frame
    from torchconv_lint.analysis.domain.state import State


def _kept(path: str) -> Any:
    return (("second name", path), "kept")


def _since(path: str) -> Any:
    return (("second name", path), "since")


def bound(frame: Frame, path: str, value: Value, node: cst.CSTNode) -> None:
    """`path = node`: what `path` was a second name of, or had as a second name, is another thing now."""
    names, stale = frame.second_names, frame.state.stale
    for known, earlier in names.items():
        if path in (known, earlier):
            stale.pop(_kept(known), None)
            stale.pop(_since(known), None)
    if not frame.loop_depth or not frame.tracks:
        return
    source = dotted_path(node)
    if source is None or source == path or not is_kept_model(path, source) or is_copied_each_round(frame, source):
        return
    if _is_model(value):
        names[path] = source
        stale[_kept(path)] = frozenset({Write(frame.site(node), source, (), fills=False)})


def _is_model(value: Value) -> bool:
    return all(
        isinstance(kind, Module) or (isinstance(kind, Instance) and kind.is_module) or type(kind) is Opaque
        for kind, _ in value
    )


def trained(frame: Frame, node: cst.CSTNode) -> None:
    """An optimiser has stepped: what is kept under second names has changed."""
    stale = frame.state.stale
    for path in frame.second_names:
        if _kept(path) in stale:
            write = Write(frame.site(node), "the parameters", (), fills=False, by_step=True)
            stale[_since(path)] = stale.get(_since(path), frozenset()) | {write}


def tell_used(frame: Frame, path: str) -> None:
    """The second name is used, for more than to ask whether there is one."""
    if path in frame.second_names and not frame.asking and not frame.overlooks:
        _tell(frame, frame.state, path)


def tell_left(frame: Frame, final: State) -> None:
    """A function ends, and leaves the model in an attribute that the file reads."""
    for path in frame.second_names:
        if "." in path and frame.interpreter.facts.reads_attribute(path.rpartition(".")[2]):
            _tell(frame, final, path)


def _tell(frame: Frame, state: State, path: str) -> None:
    for kept in state.stale.get(_kept(path), ()):
        for write in state.stale.get(_since(path), ()):
            why = f"`{path}` is the same model, which goes on training"
            how = ((write.site, f"{write.target} change here"),)
            frame.emit(AliasKept(kept.site, f"`{kept.target}`", why, how, Confidence.LIKELY))
            return
