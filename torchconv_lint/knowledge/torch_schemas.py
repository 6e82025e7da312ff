"""What the operator schemas of torch promise: result types, aliasing, `out=`."""

from __future__ import annotations

import dataclasses
import importlib
from typing import Any

torch: Any = importlib.import_module("torch")


@dataclasses.dataclass(frozen=True)
class Schema:
    """The overloads of one operator, taken together."""

    lists: bool  # always one list of tensors
    single: bool  # always one tensor
    writes: bool  # always writes its first argument and returns it
    aliases: bool  # some overload may return (a view of) its first argument without writing it
    out: bool  # some overload accepts `out=`
    sole: bool  # beside its first argument it takes numbers: a tensor given for one of those is read as one


def operator_name(name: str) -> str:
    """`aten::linalg_norm` for `linalg.norm`; functions of `nn.functional` share the names of their operators."""
    return "aten::" + name.removeprefix("nn.functional.").removeprefix("nn.init.").replace(".", "_")


def schema_of(name: str) -> Schema | None:
    """The schema facts of an operator that takes tensors first, None where torch has none of that name."""
    overloads = [
        overload
        for overload in torch._C._jit_get_schemas_for_operator(operator_name(name))
        if overload.arguments and overload.returns
    ]
    plain = [overload for overload in overloads if not any(argument.is_out for argument in overload.arguments)]
    over_tensors = [overload for overload in plain if str(overload.arguments[0].type) in ("Tensor", "List[Tensor]")]
    if not over_tensors:
        return None
    results = [[str(value.type) for value in overload.returns] for overload in over_tensors]
    marks = [(overload.arguments[0].alias_info, overload.returns[0].alias_info) for overload in over_tensors]
    return Schema(
        lists=all(types == ["List[Tensor]"] for types in results),
        single=all(types == ["Tensor"] for types in results),
        writes=all(source is not None and source.is_write and result is not None for source, result in marks),
        aliases=any(source is not None and not source.is_write and result is not None for source, result in marks),
        out=len(overloads) > len(plain),
        sole=_takes_numbers(over_tensors),
    )


def _takes_numbers(overloads: list[Any]) -> bool:
    """Whether there are arguments after the first one, a tensor, and none of them is a tensor."""
    first = {str(overload.arguments[0].type) for overload in overloads}
    further = [str(argument.type) for overload in overloads for argument in overload.arguments[1:]]
    return first == {"Tensor"} and bool(further) and not any("Tensor" in type_ or type_ == "t" for type_ in further)
