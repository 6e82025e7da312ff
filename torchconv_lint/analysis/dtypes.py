"""Names of dtypes, in torch and in NumPy."""

from __future__ import annotations

from torchconv_lint.analysis.values import Dtype, External, Kind

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
_DTYPE_NAMES = {"float": "float32", "double": "float64", "half": "float16", "long": "int64", "int": "int32"}
"""What torch's short names stand for (`torch.float is torch.float32`)."""


def external(name: str) -> Kind:
    """What an imported name stands for: a dtype of torch or NumPy, or just itself."""
    package, _, last = name.rpartition(".")
    return attribute_of_external(External(package), last) if package in ("torch", "numpy") else External(name)


def attribute_of_external(kind: External, name: str) -> Kind:
    """`module.name`: a dtype, or whatever else is there."""
    if kind.name in ("torch", "numpy") and name in DTYPES:
        return Dtype(_DTYPE_NAMES.get(name, name) if kind.name == "torch" else name.rstrip("_"))
    return External(f"{kind.name}.{name}")
