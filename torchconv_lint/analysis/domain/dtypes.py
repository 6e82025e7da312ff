"""Names of dtypes, in torch and in NumPy."""

from __future__ import annotations

import functools
import re

from torchconv_lint.analysis.domain import sparse
from torchconv_lint.analysis.domain.values import Const, Dtype, External, Fact, Kind, Value

DTYPES = frozenset(
    [
        "float32",
        "float64",
        "float16",
        "bfloat16",
        "float",
        "half",
        "double",
        "int8",
        "int16",
        "int32",
        "int64",
        "int",
        "long",
        "short",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "bool",
        "bool_",
        "complex64",
        "complex128",
        "cfloat",
        "cdouble",
        "float8_e4m3fn",
        "float8_e5m2",
        "object_",
        "intp",
        "single",
    ]
)
_TORCH_NAMES = {
    "float": "float32",
    "double": "float64",
    "half": "float16",
    "long": "int64",
    "int": "int32",
    "short": "int16",
    "cfloat": "complex64",
    "cdouble": "complex128",
}
"""What torch's short names stand for (`torch.float is torch.float32`)."""

_NUMPY_NAMES = {
    "float": "float64",
    "double": "float64",
    "single": "float32",
    "half": "float16",
    "int": "int64",
    "long": "int64",
    "longlong": "int64",
    "intp": "int64",
    "intc": "int32",
    "short": "int16",
    "byte": "int8",
    "ubyte": "uint8",
    "ushort": "uint16",
    "uintc": "uint32",
    "uint": "uint64",
    "cfloat": "complex128",
    "cdouble": "complex128",
    "csingle": "complex64",
    "object": "object",
    "str": "str",
    "bytes": "bytes",
    "datetime64": "datetime64",
    "timedelta64": "timedelta64",
    "longdouble": "longdouble",
    "float128": "longdouble",
    "void": "void",
}
"""What NumPy's names stand for, a trailing underscore aside (`np.int_`)."""

_BUILTIN_NAMES = {"float": "float64", "int": "int64", "bool": "bool", "complex": "complex128"}
_BUILTIN_ARRAYS = {"object": "object", "str": "str", "bytes": "bytes"}
"""What Python's types stand for as a dtype, in torch and NumPy alike; the second table only NumPy knows."""

_CODE = re.compile(r"([<>=|]?)([?a-zA-Z])(\d*)(\[\w+\])?$")
_CODES = {
    "f": ("float", 4),
    "d": ("float", 8),
    "e": ("float", 2),
    "i": ("int", 4),
    "l": ("int", 8),
    "q": ("int", 8),
    "h": ("int", 2),
    "b": ("int", 1),
    "u": ("uint", 4),
    "B": ("uint", 1),
    "H": ("uint", 2),
    "I": ("uint", 4),
    "L": ("uint", 8),
    "c": ("complex", 16),
    "F": ("complex", 8),
    "D": ("complex", 16),
}
_UNSIZED = {"?": "bool", "O": "object", "U": "str", "S": "bytes", "M": "datetime64", "m": "timedelta64", "V": "void"}


@functools.cache
def dtype_named(text: str) -> Dtype | None:
    """The dtype that a string stands for: a name ("float32") or one of NumPy's codes (">f8")."""
    text = text.partition("[")[0] if text.startswith(("datetime64", "timedelta64")) else text
    if text in DTYPES and text not in _NUMPY_NAMES:
        return Dtype(text.rstrip("_"))
    if text.rstrip("_") in _NUMPY_NAMES:
        return Dtype(_NUMPY_NAMES[text.rstrip("_")])
    code = _CODE.match(text)
    if code is None:
        return None
    order, letter, size, _ = code.groups()
    if letter in _UNSIZED:
        return Dtype(_UNSIZED[letter], order == ">" and letter in "UMm")
    if letter not in _CODES:
        return None
    kind, default = _CODES[letter]
    width = int(size or default)
    name = f"{kind}{8 * width}"
    return Dtype(name, order == ">" and width > 1) if name in DTYPES else None


def dtype_of(value: Value) -> Dtype | None:
    """The dtype that an argument names, if it names one."""
    for kind, _ in value:
        if isinstance(kind, Dtype):
            return kind
        if isinstance(kind, Const) and isinstance(kind.value, str):
            return dtype_named(kind.value)
        if isinstance(kind, External) and kind.name.startswith("builtins."):
            name = kind.name.removeprefix("builtins.")
            name = _BUILTIN_NAMES.get(name) or _BUILTIN_ARRAYS.get(name) or ""
            return Dtype(name) if name else None
    return None


def dtype_fact(value: Value) -> Fact | None:
    """The same as a fact: the plain name."""
    dtype = dtype_of(value)
    return Fact(dtype.name) if dtype is not None else None


def external(name: str) -> Kind:
    """What an imported name stands for: a dtype of torch or NumPy, or just itself."""
    package, _, last = name.rpartition(".")
    return attribute_of_external(External(package), last) if package in ("torch", "numpy") else External(name)


def attribute_of_external(kind: External, name: str) -> Kind:
    """`module.name`: a dtype, or whatever else is there."""
    if kind.name == "torch" and name in DTYPES:
        return Dtype(_TORCH_NAMES.get(name, name))
    if kind.name == "numpy" and (name in DTYPES or name.rstrip("_") in _NUMPY_NAMES):
        plain = name.rstrip("_")
        return Dtype(_NUMPY_NAMES.get(plain, plain))
    if kind.name == "matplotlib.axes.Axes" and name == "flat":  # `plt.subplots(2, 2)` gives an array of them
        return kind
    found = sparse.attribute(name) if kind == sparse.MATRIX else None
    return found or External(f"{kind.name}.{name}")
