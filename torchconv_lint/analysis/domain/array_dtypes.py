"""Dtypes of arrays: what literals, functions and arithmetic give. Silent (None) wherever NumPy's answer depends on
something that is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.dtypes import dtype_fact
from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.values import (
    Array,
    Const,
    Fact,
    Kind,
    Mapping,
    Number,
    Opaque,
    Sequence,
    Step,
    Value,
    just,
)
from torchconv_lint.knowledge import numpy_ops
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    import libcst as cst

    from torchconv_lint.analysis.domain.frame import Arguments, Frame

FLOATS = frozenset({"float16", "float32", "float64"})
INTEGERS = frozenset({"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"})
_JOINING = frozenset({"stack", "concatenate", "concat", "hstack", "vstack", "dstack", "column_stack"})
_LIKE = frozenset({"zeros_like", "ones_like", "empty_like", "full_like"})
_SAME = frozenset(
    ["sort", "flip", "roll", "tile", "repeat", "copy", "pad", "take", "delete", "where", "unique", "squeeze"]
)
DTYPE_AT = {"zeros": 1, "ones": 1, "empty": 1, "full": 2, "identity": 1, "array": 1, "asarray": 1, "fromiter": 1}
DTYPE_AT |= {"frombuffer": 1, "fromfile": 1, "ascontiguousarray": 1, "asanyarray": 1, "asfortranarray": 1}
"""Where these functions take `dtype` by position."""

_SIZE_AT = {"normal": 2, "uniform": 2, "randint": 2, "binomial": 2, "beta": 2, "gamma": 2, "laplace": 2}
_SIZE_AT |= {"exponential": 1, "poisson": 1, "choice": 1, "multinomial": 2, "lognormal": 2, "standard_normal": 0}
_SIZE_AT |= {"random": 0, "random_sample": 0, "dirichlet": 1}
"""Where these functions of np.random take `size` by position."""
_RANDOM_INTEGERS = frozenset({"randint", "binomial", "poisson", "multinomial"})


def chosen_dtype(name: str, arguments: Arguments) -> tuple[Fact | None, bool]:
    """The dtype that a call asks for, and whether it asks for one at all."""
    given = arguments.keywords.get("dtype")
    if given is None and name in DTYPE_AT and len(arguments.positional) > DTYPE_AT[name]:
        given = arguments.positional[DTYPE_AT[name]]
    if given is None or any(isinstance(kind, Const) and kind.value is None for kind, _ in given.value):
        return None, False
    return dtype_fact(given.value), True


def result_dtype(frame: Frame, name: str, arguments: Arguments, node: cst.Call) -> Fact | None:
    """The dtype of what `np.<name>(...)` gives, an explicit `dtype=` included."""
    chosen, given = chosen_dtype(name, arguments)
    if given:
        return chosen
    table = numpy_ops().function
    first = arguments.value(0)
    if name == "full":
        return _told(frame, name, data_dtype(arguments.value(1, "fill_value")), node)
    if name in _LIKE or name in _SAME:
        return common_dtype([first])
    if name == "arange":
        return _told(frame, name, common_dtype([argument.value for argument in arguments.positional]), node)
    if name.startswith("random."):
        return _told(frame, name, _random_dtype(name.removeprefix("random."), name in table.float64), node)
    if name in table.float64:
        return _told(frame, name, Fact("float64"), node)
    if name in _JOINING:
        elements = [item for kind, _ in first if isinstance(kind, Sequence) for item in kind.items or (kind.element,)]
        return common_dtype(elements) if elements else None
    if name in table.integer_to_float64:
        fact = common_dtype(arguments.values)
        return _told(frame, name, Fact("float64"), node) if fact is not None and fact.value in INTEGERS else fact
    if name in table.truths:
        return Fact("bool")
    if name in table.ufunc or name in ("clip", "sum", "prod", "cumsum", "max", "min", "amax", "amin"):
        return common_dtype(arguments.values)
    return None


def _random_dtype(name: str, floating: bool) -> Fact | None:
    if name in _RANDOM_INTEGERS:
        return Fact("int64")
    return Fact("float64") if floating or name in ("rand", "randn", "random", "uniform", "normal") else None


def random_is_array(name: str, arguments: Arguments) -> bool:
    """Whether `np.random.<name>(...)` gives an array, and not one number."""
    if name in ("rand", "randn"):
        return bool(arguments.count or arguments.star)
    if name == "permutation":
        return True
    size = arguments.value(_SIZE_AT.get(name, 99), "size")
    return bool(size) and all(_is_size(kind) for kind, _ in size)


def _is_size(kind: Kind) -> bool:
    return isinstance(kind, Sequence | Number) or (isinstance(kind, Const) and isinstance(kind.value, int))


def _told(frame: Frame, name: str, fact: Fact | None, node: cst.CSTNode) -> Fact | None:
    if fact is None or fact.step is not None:
        return fact
    return Fact(fact.value, Step(frame.site(node), f"`np.{name}` makes it {fact.value}"), fact.confidence)


def data_dtype(value: Value, depth: int = 0) -> Fact | None:
    """The dtype of `np.array(value)`."""
    found: set[str] = set()
    step: Step | None = None
    for kind, _ in value:
        name = _plain_dtype(kind)
        if isinstance(kind, Sequence) and depth < 4 and not kind.lazy:
            parts = kind.items if kind.items is not None else (kind.element,)
            inner = [data_dtype(part, depth + 1) for part in parts]
            if not inner or any(fact is None for fact in inner):
                return None
            found.update(str(fact.value) for fact in inner if fact is not None)
            step = next((fact.step for fact in inner if fact is not None and fact.step is not None), step)
            continue
        if name is None:
            return None
        found.add(name)
        if isinstance(kind, Array) and kind.dtype is not None:
            step = kind.dtype.step
    name = promoted(found)
    return Fact(name, step) if name is not None else None


def _plain_dtype(kind: Kind) -> str | None:
    if isinstance(kind, Const):
        if kind.value is None:
            return "object"
        return {bool: "bool", int: "int64", float: "float64", str: "str", bytes: "bytes"}.get(type(kind.value))
    if isinstance(kind, Array):
        return str(kind.dtype.value) if kind.dtype is not None else None
    if isinstance(kind, Mapping):
        return "object"
    if isinstance(kind, Sequence) and kind.lazy:
        return "object"
    return None


def promoted(names: set[str]) -> str | None:
    """The dtype that holds all of these, as far as this is simple: agreement, or int64 and bool next to float64."""
    if len(names) == 1:
        return next(iter(names))
    if "object" in names:
        return "object"
    if names and names <= {"float64", "int64", "bool"}:
        return "float64" if "float64" in names else "int64"
    return None


def _surely_double(value: Value) -> Fact | None:
    """How a value came to be float64, if all that it may be is an array of that."""
    found = [kind.dtype if isinstance(kind, Array) else None for kind, _ in value]
    return found[0] if found and all(fact is not None and fact.value == "float64" for fact in found) else None


def common_dtype(values: list[Value], *, adapting: bool = False) -> Fact | None:
    """The dtype of arithmetic between these: Python numbers adapt to the arrays (float numbers not to integer ones);
    NumPy's own numbers do not since NumPy 2, before they did (`adapting`)."""
    arrays: set[str] = set()
    numbers: set[str] = set()
    doubles = untold = False
    step: Step | None = None
    double = next(filter(None, map(_surely_double, values)), None)
    for value in values:
        for kind, _ in value:
            if isinstance(kind, Const) and isinstance(kind.value, bool | int | float):
                numbers.add("float64" if isinstance(kind.value, float) else "int64")
            elif isinstance(kind, Array) and kind.dtype is not None:
                arrays.add(str(kind.dtype.value))
                step = step or kind.dtype.step
            elif isinstance(kind, Array):
                untold = True
            elif isinstance(kind, Number) and kind.dtype == "float64":
                numbers.add("float64")
                doubles = True
            elif isinstance(kind, Number):
                numbers.add("numpy" if kind.numpy else "?")
            elif isinstance(kind, Sequence):
                fact = data_dtype(just(kind))
                if fact is None:
                    return None
                arrays.add(str(fact.value))
            else:
                return None
    if untold:  # whatever it is, next to float64 it is that, but for complex numbers
        return replace(double, confidence=Confidence.LIKELY) if double is not None else None
    if not arrays:
        name = promoted(numbers) if numbers.isdisjoint({"?", "numpy"}) else None
        return Fact(name) if name is not None else None
    result = promoted(arrays)
    if result is None and double is not None and arrays <= FLOATS | INTEGERS:
        return double
    if result == "float32" and doubles and not adapting:
        return Fact("float64", step)
    if result is None or ("numpy" in numbers and result != "float64"):
        return None
    if result in INTEGERS and numbers - {"int64"}:
        return Fact("float64", step) if "float64" in numbers else None
    return Fact(result, step)


_KEEPING = frozenset({"mean", "std", "var", "sum", "max", "min", "amax", "amin", "prod", "median", "ptp"})


def reduced_to(name: str, value: Value) -> Number:
    """The number that a reduction of all elements gives."""
    dtypes = {kind.dtype.value if isinstance(kind, Array) and kind.dtype else None for kind, _ in value}
    only = next(iter(dtypes)) if len(dtypes) == 1 else None
    return Number(numpy=True, dtype=str(only) if name in _KEEPING and only in FLOATS else None)


def number_of(name: str, operands: list[Kind]) -> Number:
    """The number that a universal function makes of numbers: float64 of Python's own, where it gives fractions."""
    plain = all(isinstance(kind, Const) or (isinstance(kind, Number) and not kind.numpy) for kind in operands)
    fractions = name in numpy_ops().function.integer_to_float64
    return Number(numpy=True, dtype="float64" if plain and fractions else None)


def quotient_dtype(fact: Fact | None) -> Fact | None:
    """The dtype of a division: integers give float64."""
    if fact is not None and fact.value in INTEGERS:
        return Fact("float64", fact.step)
    return fact


def of_unknown(kind: Kind) -> Array | None:
    """The array that the kind is, or would be if it is one."""
    if isinstance(kind, Array):
        return kind
    return kind.array if isinstance(kind, Opaque) else None
