"""Turn the observations of one torch operation into its properties."""

from __future__ import annotations

from typing import Any

from torchconv_lint.knowledge.torch_schemas import Schema

Observation = dict[str, Any]
FLOATING = ("float16", "bfloat16", "float32", "float64")
EXACT = ("int64", "bool")


def _fixed_dtype(found: list[Observation]) -> str | None:
    """The result dtype when it does not depend on the dtype of the (real) inputs."""
    real = [o for o in found if o["in_dtypes"] and not o["in_dtypes"][0].startswith("complex")]
    outs = {o["dtypes"][0] for o in real}
    if len(outs) != 1:
        return None
    (only,) = outs
    others = {o["in_dtypes"][0] for o in real} - {only}
    return only if others & {"float32", "float64"} else None


def _promotes(found: list[Observation]) -> bool:
    """Whether integer inputs alone give a floating result."""
    exact = [o for o in found if o["in_dtypes"] and set(o["in_dtypes"]) <= set(EXACT) and not o["typed"]]
    return bool(exact) and all(o["dtypes"][0] in FLOATING for o in exact)


def _keeps_shape(found: list[Observation]) -> bool:
    """Whether the result always has the shape of the input, or that of all inputs broadcast, over several shapes."""
    shapes = {tuple(o["in_shape"]) for o in found if o["in_shape"]}
    same = all(o["shapes"][0] == o["in_shape"] for o in found)
    return len(shapes) > 1 and (same or all(o["shapes"][0] == o["broadcast"] for o in found))


def _reduces(found: list[Observation], loss: bool) -> bool:
    """Whether a call without further arguments (a loss: with further tensors alone) gives one element.

    Over several shapes, since the determinant of a matrix is one number, but that of a batch is not. A loss may take
    one shape only.
    """
    bare = [o for o in found if o["in_shape"] and (o["plain"] if loss else o["extra"] == 0)]
    shapes = {tuple(o["in_shape"]) for o in bare}
    return len(shapes) > (0 if loss else 1) and all(o["shapes"][0] == [] for o in bare)


def _sharing(found: list[Observation], schema: Schema | None) -> str | None:
    """How the result lies in memory: inplace, view, maybe_view, or None for fresh memory."""
    if found and all(o["same"] for o in found) and any(o["written"] for o in found):
        return "inplace"
    fresh = [o for o in found if not (o["same"] and o["written"])]
    if not any(o["shares"][0] for o in fresh):
        return None
    promised = schema is None or schema.aliases or schema.writes
    return "view" if promised and all(o["shares"][0] for o in fresh) else "maybe_view"


def _single(found: list[Observation], schema: Schema | None, loss: bool) -> dict[str, Any]:
    """Properties of the calls that gave exactly one tensor."""
    with_tensor = [o for o in found if o["in_dtypes"]]
    lone = [o for o in found if not o["in_dtypes"]]
    props: dict[str, Any] = {"tensor": True}
    if any((o["shapes"][0] or not schema) and 0 not in o["shapes"][0] for o in lone):
        props["factory"] = True
    sharing = _sharing(with_tensor, schema)
    if sharing:
        props[sharing] = True
    graded = [o for o in with_tensor if o["grads"]]
    if graded and not any(o["out_grads"][0] for o in graded):
        props["no_grad"] = True
    dtype = _fixed_dtype(with_tensor) if sharing != "inplace" else None
    if dtype:
        props["dtype"] = dtype
    elif _promotes(with_tensor):
        props["to_float"] = True
    if _reduces(with_tensor, loss):
        props["reduces"] = True
    if _keeps_shape(with_tensor):
        props["elementwise"] = True
    many = [o for o in found if o["many"][0]]
    silent = not any(o["out_grads"][0] for o in found)
    if many and silent and "dtype" not in props and all(o["constant"][0] for o in many):
        props["blank"] = True
    return props


def _several(found: list[Observation], schema: Schema | None) -> dict[str, Any]:
    """Properties of the calls that gave several tensors."""
    sizes = {len(o["dtypes"]) for o in found}
    if any(o["kind"] == "list" for o in found) or len(sizes) > 1 or (schema and schema.lists):
        return {"list": True, **({"view": True} if all(all(o["shares"]) for o in found) else {})}
    graded = [o for o in found if o["grads"]]
    letters = "".join("g" if any(o["out_grads"][place] for o in graded) else "n" for place in range(sizes.pop()))
    return {"tuple": letters}


def _promised(schema: Schema) -> dict[str, Any]:
    """What a schema alone tells of an operation that no probe could call."""
    if schema.lists:
        return {"list": True}
    if not schema.single:
        return {}
    extra = {"inplace": True} if schema.writes else {"maybe_view": True} if schema.aliases else {}
    return {"tensor": True, "schema_only": True, **extra}


def classify(found: list[Observation], schema: Schema | None, functional: bool, loss: bool) -> dict[str, Any]:
    """The properties of one operation: name of the property -> True, or its value; empty when nothing is known."""
    found = [o for o in found if o["dense"]] or found  # sparse tensors do not tell what they share
    single = [o for o in found if o["kind"] == "tensor"]
    several = [o for o in found if o["kind"] in ("list", "named", "tuple")]
    props: dict[str, Any] = {}
    if single:
        props = _single(single, schema, loss)
        if several and any(o["dim_keyword"] for o in several) and not any(o["extra"] == 0 for o in several):
            props.update(_several(several, schema), tuple_if_dim=True)
        elif several:
            props["maybe_several"] = True
    elif several:
        props = _several(several, schema)
    elif any(o["kind"] == "mixed" for o in found):
        props = {"mixed": True}
    elif found and all(o["kind"] in ("host", "python") for o in found):
        props = {"host" if all(o["kind"] == "host" for o in found) else "python": True}
    elif schema and not found:
        props = _promised(schema)
    if props and schema and schema.out and functional:
        props["out_argument"] = True
    if ("tensor" in props or "tuple" in props or "list" in props) and schema and schema.sole:
        props["sole"] = True
    return props
