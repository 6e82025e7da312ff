"""Turn the observations of one torch operation into its properties."""

from __future__ import annotations

from typing import Any

Observation = dict[str, Any]
FLOATING = ("float16", "bfloat16", "float32", "float64")
EXACT = ("int64", "bool")


def _fixed_dtype(found: list[Observation]) -> str | None:
    """The result dtype when it does not depend on the dtype of the inputs."""
    outs = {o["dtypes"][0] for o in found}
    if len(outs) != 1:
        return None
    (only,) = outs
    inputs = {o["in_dtypes"][0] for o in found if o["in_dtypes"]}
    others = inputs - {only}
    if only in EXACT:
        return only if others & {"float32", "float64"} else None
    return only if only in FLOATING and len(others) > 1 else None


def _promotes(found: list[Observation]) -> bool:
    """Whether integer inputs alone give a floating result."""
    exact = [o for o in found if o["in_dtypes"] and set(o["in_dtypes"]) <= set(EXACT)]
    return bool(exact) and all(o["dtypes"][0] in FLOATING for o in exact)


def _keeps_shape(found: list[Observation]) -> bool:
    """Whether the result always has the (broadcast) shape of the inputs, over several shapes."""
    shapes = {tuple(o["in_shape"]) for o in found if o["in_shape"]}
    return len(shapes) > 1 and all(o["broadcast"] is not None and o["shapes"][0] == o["broadcast"] for o in found)


def _reduces(found: list[Observation]) -> bool:
    """Whether a call without further arguments gives one element, over several shapes."""
    bare = [o for o in found if o["extra"] == 0 and o["in_shape"]]
    return len({tuple(o["in_shape"]) for o in bare}) > 1 and all(o["shapes"][0] == [] for o in bare)


def _single(found: list[Observation]) -> dict[str, Any]:
    """Properties of the calls that gave exactly one tensor."""
    with_tensor = [o for o in found if o["in_dtypes"]]
    lone = [o for o in found if not o["in_dtypes"]]
    props: dict[str, Any] = {"tensor": True}
    fresh = [o for o in with_tensor if not o["same"] or not o["written"]]
    if lone:
        props["factory"] = True
    if with_tensor and not fresh:
        props["inplace"] = True
    elif fresh and all(o["shares"][0] for o in fresh):
        props["view"] = True
    elif any(o["shares"][0] for o in fresh):
        props["maybe_view"] = True
    graded = [o for o in with_tensor if o["grads"]]
    if graded and not any(o["out_grads"][0] for o in graded):
        props["no_grad"] = True
    dtype = _fixed_dtype(with_tensor) if "inplace" not in props else None
    if dtype:
        props["dtype"] = dtype
    elif _promotes(with_tensor):
        props["to_float"] = True
    if _reduces(with_tensor):
        props["reduces"] = True
    if _keeps_shape(with_tensor):
        props["elementwise"] = True
    many = [o for o in found if sum(o["shapes"][0] or [1]) > len(o["shapes"][0])]
    silent = all(not o["out_grads"][0] for o in found)
    if many and silent and "dtype" not in props and all(o["constant"][0] for o in many):
        props["blank"] = True
    return props


def _several(found: list[Observation]) -> dict[str, Any]:
    """Properties of the calls that gave several tensors."""
    if any(o["kind"] == "list" for o in found) or len({len(o["dtypes"]) for o in found}) > 1:
        return {"list": True, **({"view": True} if all(all(o["shares"]) for o in found) else {})}
    graded = [o for o in found if o["grads"]]
    letters = "".join(
        "g" if any(o["out_grads"][place] for o in graded) else "n" for place in range(len(found[0]["dtypes"]))
    )
    return {"tuple": letters}


def classify(found: list[Observation]) -> dict[str, Any]:
    """The properties of one operation: name of the property -> True, or its value."""
    single = [o for o in found if o["kind"] == "tensor"]
    several = [o for o in found if o["kind"] in ("list", "named", "tuple")]
    props: dict[str, Any] = {}
    if single:
        props.update(_single(single))
    if several:
        props.update(_several(several))
    if single and "tuple" in props and all(o["dim"] for o in several):
        props["tuple_if_dim"] = True
    if not props and found:
        props["host" if all(o["kind"] == "host" for o in found) else "python"] = True
    return props
