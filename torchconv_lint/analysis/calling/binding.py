"""The arguments of a call and the parameters they are for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import libcst as cst

from torchconv_lint.analysis.calling.returning import as_parameter
from torchconv_lint.analysis.domain.annotations import as_promised, data_parameters, plain_parameters, without_tensors
from torchconv_lint.analysis.domain.frame import Argument, Arguments, Definition, Frame
from torchconv_lint.analysis.domain.state import State, mentions
from torchconv_lint.analysis.domain.values import NOTHING, UNKNOWN, Kind, Mapping, Sequence, Value, is_mixed, join, just

if TYPE_CHECKING:
    from torchconv_lint.analysis.run.interpreter import Interpreter


def bound(
    interpreter: Interpreter, definition: Definition, arguments: Arguments, this: Kind | None
) -> dict[str, Value]:
    """What the parameters of a function are in a call with these arguments."""
    names: dict[str, Value] = {}
    parameters = definition.node.params
    slots = [*parameters.posonly_params, *parameters.params]
    given = [argument.value for argument in arguments.positional]
    plain = plain_parameters(definition.outline.node) if definition.outline is not None else ()
    promised = data_parameters(definition.outline.node) if definition.outline is not None else {}
    if this is not None and slots:
        names[slots[0].name.value] = just(this)
        slots = slots[1:]
    for position, slot in enumerate([*slots, *parameters.kwonly_params]):
        name = slot.name.value
        if position < len(slots) and position < len(given):
            value = given[position]
        elif name in arguments.keywords:
            value = arguments.keywords[name].value
        elif position < len(slots) and arguments.star:
            value = UNKNOWN if _is_a_layout(arguments.star) else join(arguments.star, UNKNOWN)
        elif arguments.double_star:  # which of its values it would be is not known
            value = UNKNOWN
        elif slot.default is not None:
            value = Frame(interpreter, None, definition.segment, State({})).evaluate(slot.default)
        else:
            value = UNKNOWN
        if name in promised:
            value = as_promised(value, array=promised[name])
        names[name] = as_parameter(without_tensors(value) if name in plain else value, name)
    if type(parameters.star_arg) is cst.Param:
        rest = [*given[len(slots) :], *([arguments.star] if arguments.star else [])]
        names[parameters.star_arg.name.value] = just(Sequence(None, join(*rest) if rest else NOTHING))
    if parameters.star_kwarg is not None:
        known = {slot.name.value for slot in [*slots, *parameters.kwonly_params]}
        items = tuple((key, argument.value) for key, argument in arguments.keywords.items() if key not in known)
        others = join(arguments.double_star, UNKNOWN) if arguments.double_star else NOTHING
        names[parameters.star_kwarg.name.value] = just(Mapping(items, others))
    return names


def is_refused(definition: Definition, arguments: Arguments, *, bound: bool = True) -> bool:
    """Whether a function is called without an argument that it has to have: that raises. `bound`: it is a method, which
    gets its first one by itself."""
    outline = definition.outline
    if outline is None or outline.node.decorator_list or arguments.star or arguments.double_star:
        return False
    slots = [*outline.node.args.posonlyargs, *outline.node.args.args]
    needed = slots[bound + len(arguments.positional) : len(slots) - len(outline.node.args.defaults)]
    return any(slot.arg not in arguments.keywords for slot in needed)


def _is_a_layout(star: Value) -> bool:
    """Whether what is starred holds things of different kinds, or several lists: each has its own place."""
    return len(star) > 1 and (is_mixed(star) or any(isinstance(kind, Sequence | Mapping) for kind, _ in star))


def argument_named(definition: Definition, arguments: Arguments, name: str, this: Kind | None) -> Argument | None:
    """The argument that a call hands over for a parameter, if it was written out."""
    parameters = definition.node.params
    slots = [slot.name.value for slot in [*parameters.posonly_params, *parameters.params]]
    if this is not None:
        slots = slots[1:]
    if name in slots and slots.index(name) < len(arguments.positional):
        return arguments.positional[slots.index(name)]
    return arguments.keywords.get(name)


def handed_flags(frame: Frame, definition: Definition, arguments: Arguments, this: Kind | None) -> dict[str, Any]:
    """What conditions know the parameters by: flags that are handed on are the caller's. Only those count that another
    argument depends on."""
    known = frame.state.identities
    if not known:
        return {}
    asked = {key for value in arguments.values for alt in value if alt.when for key, _ in alt.when}
    if not asked:
        return {}
    parameters = definition.node.params
    slots = [slot.name.value for slot in [*parameters.posonly_params, *parameters.params]][this is not None :]
    flags = {}
    for name, argument in (*zip(slots, arguments.positional, strict=False), *arguments.keywords.items()):
        identity = known.get(argument.node.value) if type(argument.node) is cst.Name else None
        if identity is not None and any(mentions(key, identity) for key in asked):
            flags[name] = identity
    return flags
