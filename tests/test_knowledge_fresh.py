"""The knowledge tables agree with the installed torch and NumPy.

Measuring everything takes minutes: it is done where `TORCHCONV_FULL_CHECK` is set (or by `python -m
torchconv_lint.knowledge.generate --check`), a sample of operations everywhere.
"""

import os
from importlib import metadata

import pytest

from torchconv_lint.knowledge import numpy_ops, torch_ops

METHODS = ["add", "add_", "argmax", "cpu", "detach", "item", "max", "numpy", "reshape", "softmax", "split", "sum", "t"]
FUNCTIONS = ["cat", "einsum", "linalg.norm", "nn.functional.mse_loss", "nn.init.zeros_", "ones_like", "topk", "zeros"]


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
    for key, value in vars(ops).items():
        if isinstance(value, dict):
            chosen = {name: value[name] for name in names if name in value}
        else:
            chosen = sorted(name for name in names if name in value)
        if chosen:
            part[key] = chosen
    return part


@pytest.mark.filterwarnings("ignore")
def test_a_sample_is_measured_again():
    from torchconv_lint.knowledge.torch_names import function, tensor_method
    from torchconv_lint.knowledge.torch_table import measured

    assert measured(METHODS, tensor_method, lone=False) == sample(torch_ops().method, METHODS)
    assert measured(FUNCTIONS, function, lone=True) == sample(torch_ops().function, FUNCTIONS)


@pytest.mark.skipif(not os.environ.get("TORCHCONV_FULL_CHECK"), reason="TORCHCONV_FULL_CHECK is not set (minutes)")
def test_everything_is_measured_again():
    from torchconv_lint.knowledge.generate import difference, tables

    assert difference(tables()) == ""
