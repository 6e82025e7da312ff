"""The knowledge tables agree with the installed torch and NumPy.

Measuring everything takes minutes: it is done where `TORCHCONV_FULL_CHECK` is set (or by `python -m
torchconv_lint.knowledge.generate --check`), a share of all names everywhere, always the same.
"""

import os
from dataclasses import fields
from importlib import metadata
from zlib import crc32

import pytest

from torchconv_lint.knowledge import numpy_ops, torch_ops

SHARE = 16
"""One name in so many is measured again."""
FIRST = ["add", "add_", "cat", "detach", "item", "max", "nn.init.zeros_", "numpy", "reshape", "sqrt", "t", "topk"]
"""Names that are always among them."""


def installed(name):
    try:
        return metadata.version(name).split("+")[0]
    except metadata.PackageNotFoundError:
        return None


def wanted():
    return {**torch_ops().versions, **numpy_ops().versions}


@pytest.fixture(autouse=True)
def _measured_versions():
    different = [f"{name} {installed(name)}" for name, version in wanted().items() if installed(name) != version]
    if different or not hasattr(os, "fork"):
        pytest.skip(f"the tables were measured with {wanted()}; here: {', '.join(different) or 'no fork'}")


def sample(ops, names):
    """The part of a table section that concerns some names, without empty entries."""
    part = {}
    for key, value in ((one.name, getattr(ops, one.name)) for one in fields(ops)):
        if isinstance(value, dict):
            chosen = {name: value[name] for name in names if name in value}
        else:
            chosen = sorted(name for name in names if name in value)
        if chosen:
            part[key] = chosen
    return part


def share(names):
    return [name for name in names if name in FIRST or crc32(name.encode()) % SHARE == 0]


@pytest.mark.filterwarnings("ignore")
def test_a_share_of_torch_is_measured_again():
    from torchconv_lint.knowledge.torch_names import function, function_names, method_names, tensor_method
    from torchconv_lint.knowledge.torch_table import measured

    methods, functions = share(method_names()), share(function_names())
    assert measured(methods, tensor_method, lone=False) == sample(torch_ops().method, methods)
    assert measured(functions, function, lone=True) == sample(torch_ops().function, functions)


@pytest.mark.filterwarnings("ignore")
def test_a_share_of_numpy_is_measured_again():
    from torchconv_lint.knowledge.numpy_names import function_names, method_names
    from torchconv_lint.knowledge.numpy_table import measured_functions, measured_methods

    functions, methods = share(function_names()), share(method_names())
    assert measured_functions(functions) == sample(numpy_ops().function, functions)
    assert measured_methods(methods) == sample(numpy_ops().method, methods)


@pytest.mark.skipif(not os.environ.get("TORCHCONV_FULL_CHECK"), reason="TORCHCONV_FULL_CHECK is not set (minutes)")
def test_everything_is_measured_again():
    from torchconv_lint.knowledge.generate import difference, tables

    assert difference(tables()) == ""
