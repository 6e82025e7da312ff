"""Turn the observations of one NumPy operation into its properties."""

from __future__ import annotations

from typing import Any

Observation = dict[str, Any]
Outcomes = dict[str, list[tuple[str, int]]]  # kind of input -> (outcome, number of arguments)
EXACT = ("int64", "bool")


def _memory(found: list[Observation]) -> dict[str, Any]:
    """Whether the resulting arrays share memory with the first array (or the first of a list)."""
    results = [o for o in found if o["kind"] in ("array", "several") and o["input"] and o["shares"]]
    results = [o for o in results if o["direct"]] or results
    results = [o for o in results if o["leading"]] or results  # a later array may be `out`
    shares = [all(o["shares"]) for o in results]
    if not results:
        return {}
    props: dict[str, Any] = {"view": True} if all(shares) else {"maybe_view": True} if any(shares) else {"copies": True}
    if any(o["negative"] and o["steps"] and any(o["shares"]) for o in results):
        props["negative_strides"] = True
    return props


def _float64(found: list[Observation], inputs: tuple[str, ...]) -> bool:
    """Whether results are float64 for inputs of these dtypes ("" is no array), as long as no dtype is asked for."""
    asked = [o for o in found if o["kind"] in ("array", "scalar") and not o["typed"] and o["arrays"] < 2]
    chosen = [o for o in asked if o["input_dtype"] in inputs]
    return bool(chosen) and all(o["dtypes"][0] == "float64" for o in chosen)


def _blank(found: list[Observation]) -> bool:
    """Whether results hold one value throughout, whatever else is given than another array."""
    sized = [
        o
        for o in found
        if o["kind"] == "array" and o["many"][0] and o["simple"] and not o["typed"] and o["arrays"] == int(o["leading"])
    ]
    truth = any(o["dtypes"][0] == "bool" and o["input_dtype"] not in ("", "bool") for o in sized)
    return len(sized) > 1 and not truth and all(o["constant"][0] and not any(o["shares"]) for o in sized)


def classify(found: list[Observation]) -> dict[str, Any]:
    """The properties of one operation: name of the property -> True; empty when nothing is known."""
    if not found:
        return {}
    kinds = {o["kind"] for o in found}
    props = _memory(found)
    if kinds == {"none"} and any(o["written"] for o in found):
        props["inplace"] = True
    elif kinds <= {"none", "python"}:
        props["python"] = True
    bare = [o for o in found if o["input"] and o["extra"] == 0 and o["big"]]
    if bare and all(o["kind"] == "scalar" for o in bare):
        props["reduces"] = True
    if _float64(found, ("", "float32", "float64", *EXACT)):
        props["float64"] = True
    elif _float64(found, ("int64",)):
        props["integer_to_float64"] = True
    if _blank(found):
        props["blank"] = True
    return props


def classify_tensors(outcomes: Outcomes) -> dict[str, Any]:
    """The properties that concern torch tensors."""
    graph, plain, listed = outcomes["graph"], outcomes["plain"], outcomes["list"]
    props: dict[str, Any] = {}
    if any(outcome.startswith("+") for outcome, _ in graph + plain):
        props["converts"] = True
    elif graph and all(outcome in ("value", "tensor", "wrapped tensor") for outcome, _ in graph):
        props["duck"] = True
    if any(outcome.startswith("+") for outcome, _ in listed):
        props["converts_list"] = True
    done = [(count, outcome.lstrip("+")) for outcome, count in plain if not outcome.endswith("rror")]
    fewest = min((count for count, _ in done), default=0)  # a further array may be `out`
    given = {outcome for count, outcome in done if count == fewest}
    if given and given <= {"tensor", "wrapped tensor"}:
        props["keeps_tensor"] = True
        if given == {"wrapped tensor"}:
            props["wraps_tensor"] = True
    if plain and all(outcome.endswith("TypeError") for outcome, _ in plain):
        props["raises_type_error"] = True
    return props
