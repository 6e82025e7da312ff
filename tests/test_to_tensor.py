"""What becomes a tensor, and what is known of arrays on the way: strides, dtypes, dimensions, read-only memory."""

from __future__ import annotations

import textwrap

import pytest
from snippets import HEADER, codes_shown

from torchconv_lint.lint import lint_source
from torchconv_lint.model import Confidence
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source


def found(body: str, confidence: Confidence = Confidence.LIKELY, *, sieve: bool = True) -> set[str]:
    """The codes of the family, opt-in ones too, that are reported in a function with this body."""
    code = HEADER + "def f(x, y: np.ndarray, n: int):\n" + textwrap.indent(textwrap.dedent(body), "    ")
    outcome = lint_source(Source("x.py", code), Settings(confidence, opt_in=("CNV3",), sieve=sieve))
    assert not outcome.problems
    return {finding.code for finding in outcome.findings if finding.code.startswith("CNV3")}


FOUND = {
    # strides
    "two axes": ("CNV301", "return torch.from_numpy(x[::-1, ::-1])"),
    "behind an index": ("CNV301", "return torch.from_numpy(x[0, :, ::-1])"),
    "behind an ellipsis and before more": ("CNV301", "return torch.from_numpy(x[..., ::-1, :])"),
    "a row of the last axis": ("CNV301", "return torch.from_numpy(np.flip(np.ones((2, 3)), -1)[0])"),
    "rows in a loop": ("CNV301", "return [torch.from_numpy(row) for row in np.ones((2, 3))[:, ::-1]]"),
    "a row of an inner axis": ("CNV301", "return torch.from_numpy(np.ones((2, 3, 4))[:, :, ::-1][0])"),
    "an ellipsis does not index": ("CNV301", "return torch.from_numpy(np.fliplr(y)[..., :2])"),
    "a column turned": ("CNV301", "return torch.from_numpy(np.sort(np.ones(3))[::-1].reshape(-1, 1))"),
    "half turns": ("CNV301", "return torch.from_numpy(np.rot90(y, k=2))"),
    "turns by chance": ("CNV301", "return torch.from_numpy(np.rot90(y, np.random.randint(4)))"),
    "all axes": ("CNV301", "return torch.from_numpy(np.flip(y))"),
    "transposed": ("CNV301", "return torch.from_numpy(np.flipud(y).T)"),
    "split": ("CNV301", "return torch.from_numpy(np.expand_dims(np.flipud(y), 0))"),
    "a real part": ("CNV301", "return torch.from_numpy(np.flipud(y).real)"),
    "pandas": ("CNV301", "return torch.from_numpy(x.values[::-1])"),
    "to_numpy": ("CNV301", "return torch.tensor(x.to_numpy()[::-1])"),
    "a method of what may be an array": ("CNV301", "z = x[::-1]\nreturn torch.tensor(z.transpose())"),
    "isinstance": ("CNV301", "z = x[::-1]\nassert isinstance(z, np.ndarray)\nreturn torch.tensor(z)"),
    # dtypes
    "by position": ("CNV305", "return nn.Linear(3, 2)(torch.from_numpy(np.zeros(3, float)))"),
    "float among integers": ("CNV305", "return nn.Linear(3, 2)(torch.from_numpy(np.array([1, 2.5, True])))"),
    "mean of integers": ("CNV305", "return nn.Linear(3, 2)(torch.from_numpy(np.sqrt(np.array([1, 4, 9]))))"),
    "integers divided": ("CNV305", "return nn.Linear(3, 2)(torch.from_numpy(np.array([1, 4, 9]) / 2))"),
    "stacked": ("CNV305", "return nn.Linear(3, 2)(torch.from_numpy(np.stack([np.zeros(3), np.ones(3)])))"),
    "clipped": ("CNV305", "return nn.Linear(3, 2)(torch.from_numpy(np.clip(np.zeros(3), 0, 1)))"),
    "like another": ("CNV305", "return nn.Linear(3, 2)(torch.from_numpy(np.ones_like(np.zeros(3))))"),
    "full": ("CNV305", "return nn.Linear(3, 2)(torch.from_numpy(np.full(3, 0.5)))"),
    "arange of integers": ("CNV305", "return nn.Linear(3, 2)(torch.from_numpy(np.arange(3)))"),
    "random integers": ("CNV305", "return nn.Linear(3, 2)(torch.from_numpy(np.random.randint(0, 5, 3)))"),
    "a list times an array": ("CNV305", "return nn.Linear(3, 2)(torch.from_numpy(np.zeros(3) * [1.0, 2.0, 3.0]))"),
    "mean of rows": ("CNV305", "return nn.Linear(3, 2)(torch.from_numpy(np.array([[1, 2, 3]]).mean(axis=0)))"),
    "negated": ("CNV305", "return nn.Linear(3, 2)(torch.from_numpy(-np.zeros(3)))"),
    "a module's dtype= ": ("CNV305", "return nn.Linear(3, 2, dtype=torch.float64)(torch.zeros(3))"),
    "a sequence of modules": ("CNV305", "return nn.Sequential(nn.Linear(3, 2))(torch.from_numpy(np.zeros(3)))"),
    "bytes": ("CNV303", "return torch.tensor(np.array([b'a']))"),
    "records by code": ("CNV303", "return torch.tensor(np.zeros(3, dtype='V4'), dtype=object)"),
    "builtin str": ("CNV303", "return torch.tensor(np.zeros(3, dtype=str))"),
    "a dict": ("CNV303", "return torch.tensor({1: 2})"),
    "a dict in an array": ("CNV303", "return torch.tensor(np.array({1: 2}))"),
    "zip": ("CNV303", "pairs = zip([1], [2])\nreturn torch.tensor(pairs)"),
    "None in a list of lists": ("CNV303", "return torch.tensor(np.array([[1], [None]]))"),
    # numbers
    "a Python number": ("CNV304", "return torch.from_numpy(3)"),
    "a number of a length": ("CNV304", "return torch.from_numpy(len(x))"),
    "a dict to from_numpy": ("CNV304", "return torch.from_numpy({'a': 1})"),
    "a tuple": ("CNV304", "return torch.from_numpy((1, 2))"),
    "an element in a loop": ("CNV304", "return [torch.from_numpy(v) for v in np.zeros(3)]"),
    "a scalar of a type": ("CNV304", "return torch.from_numpy(np.float32(1))"),
    # lists
    "lists of lists of arrays": ("CNV311", "return torch.tensor([[np.zeros(2)], [np.ones(2)]])"),
    "lists of lists of tensors": ("CNV312", "return torch.tensor([[torch.zeros(2)], [torch.ones(2)]])"),
    # memory and bytes
    "a mapped file": ("CNV316", "return torch.from_numpy(np.load(x, mmap_mode='r'))"),
    "a warning is an error": (
        "CNV316",
        "with warnings.catch_warnings():\n    warnings.simplefilter('error')\n"
        "    return torch.from_numpy(np.load(x, mmap_mode='r'))",
    ),
    "memmap": ("CNV316", "return torch.from_numpy(np.memmap(x, mode='r'))"),
    "other order by position": ("CNV302", "return torch.from_numpy(np.frombuffer(x, '>f4'))"),
    "a column of another order": ("CNV302", "return torch.from_numpy(np.zeros((2, 2)).astype('>f8')[:, 0])"),
    "rows chosen of another order": ("CNV302", "return torch.from_numpy(np.zeros(3).astype('>f8')[[0, 1]])"),
    # buffers
    "floats cast back": ("CNV308", "return torch.FloatTensor(x).int()"),
    "a buffer on a device": (
        "CNV319",
        "t = torch.ones(3, dtype=torch.float64)\nb = torch.zeros(3, device=t.device)\nb[0] = t.sum()\nreturn b",
    ),
}

SILENT = {
    "one number of it": "return torch.tensor(np.flip(np.zeros(3))[0])",
    "a mask of it": "z = np.flip(y)\nreturn torch.from_numpy(z[z > 0])",
    "turned again": "return torch.from_numpy(np.flip(np.flip(y)))",
    "no turns": "return torch.from_numpy(np.rot90(y, 0))",
    "flattened": "return torch.from_numpy(np.flipud(y).ravel())",
    "the flat iterator": "return torch.tensor(np.flipud(y).flat)",
    "a string": "return torch.tensor([ord(c) for c in 'abc'[::-1]])",
    "a step that is no number": "return torch.tensor(x[::n])",
    "an unknown column": "return torch.from_numpy(np.fliplr(np.ones((2, 3), 'f4'))[:, n])",
    "a row of a transposed one": "return torch.from_numpy(np.flip(y).T[0])",
    "a dtype of somebody else": "return nn.Linear(3, 2)(torch.from_numpy(np.zeros(3, dtype=x)))",
    "a NumPy scalar of unknown dtype": "return nn.Linear(3, 2)(torch.from_numpy(np.ones(3, np.float32) * y.max()))",
    "integers and unknown numbers": "return nn.Linear(3, 2)(torch.from_numpy(np.arange(3) * len(x)))",
    "two unknown arrays": "return nn.Linear(3, 2)(torch.from_numpy(y + x))",
    "a module cast by other code": "m = nn.Linear(3, 2)\nm.to(x)\nreturn m(torch.from_numpy(np.zeros(3)))",
    "a module of some type": "m = nn.Linear(3, 2).type(x)\nreturn m(torch.from_numpy(np.zeros(3)))",
    "float again": "m = nn.Linear(3, 2).double().float()\nreturn m(torch.zeros(3))",
    "a frozen dtype of a function": "return nn.Linear(3, 2)(torch.arange(3).sum(dtype=torch.float32))",
    "a quotient of integers": "return nn.Linear(3, 2)(torch.arange(3) / torch.arange(3))",
    "a root of integers": "return nn.Linear(3, 2)(torch.sqrt(torch.tensor([1, 4, 9])))",
    "one random number": "return torch.tensor(np.random.rand())",
    "writable memmap": "return torch.from_numpy(np.memmap(x, mode='r+'))",
    "the warning is ignored": "with warnings.catch_warnings():\n    warnings.simplefilter('ignore')\n"
    "    return torch.from_numpy(np.load(x, mmap_mode='r'))",
    "unknown bytes": "return torch.from_numpy(np.frombuffer(x, np.uint8))",
    "a list that may be one": "return torch.tensor(x[::-1])",
    "a table of bits": "return torch.ones(2).view({torch.float32: torch.int32}[x])",
    "a dtype given by name": "b = np.zeros(3, dtype='i8')\nb[0] = 0.5\nreturn torch.from_numpy(b)",
    "long asks for integers": "b = torch.zeros(3).long()\nb[0] = 0.5\nreturn b",
    "sizes that are not written out": "return x * torch.Tensor(n)",
    "values": "return x * torch.Tensor([1.0])",
    "filled data that are not known": "return torch.Tensor(x).zero_()",
}

POSSIBLE = {
    "a list or an array": ("CNV301", "return torch.tensor(x[::-1])"),
    "bytes or a buffer": ("CNV316", "return torch.from_numpy(np.frombuffer(x, np.uint8))"),
    "an array or a list": ("CNV304", "z = np.ones(2) if x.check() else [1]\nreturn torch.from_numpy(z)"),
    "a range": ("CNV309", "return torch.tensor((0, 4))"),
}


@pytest.mark.parametrize(("code", "body"), FOUND.values(), ids=FOUND.keys())
def test_is_found(code: str, body: str) -> None:
    assert code in found(body, sieve=False)


@pytest.mark.parametrize("body", SILENT.values(), ids=SILENT.keys())
def test_is_silent(body: str) -> None:
    assert found(body, sieve=False) == set()


@pytest.mark.parametrize(("code", "body"), POSSIBLE.values(), ids=POSSIBLE.keys())
def test_is_only_possible(code: str, body: str) -> None:
    assert code not in found(body, sieve=False)
    assert code in found(body, Confidence.POSSIBLE, sieve=False)


def test_a_changed_default_dtype_is_respected() -> None:
    body = "torch.set_default_dtype(torch.float64)\nreturn nn.Linear(3, 2)(torch.from_numpy(np.zeros(3)))"
    assert found(body, sieve=False) == set()
    assert found(body.partition("\n")[2]) == {"CNV305"}


@pytest.mark.parametrize(("target", "found"), [(None, ["CNV305"]), ((2, 0), ["CNV305"]), ((1, 26), [])])
def test_numbers_of_numpy_widen_arrays_since_numpy_2(target: tuple[int, int] | None, found: list[str]) -> None:
    code = """
import numpy as np
import torch
from torch import nn
def f():
    features = np.ones((1, 3), dtype=np.float32) / np.sqrt(3)
    return nn.Linear(3, 2)(torch.from_numpy(features))
"""
    outcome = lint_source(Source("x.py", code), Settings(target_numpy=target, opt_in=("CNV305",)))
    assert [finding.code for finding in outcome.findings] == found


@pytest.mark.parametrize(("target", "found"), [(None, ["CNV404"]), ((1, 25), ["CNV404"]), ((1, 24), [])])
def test_numpy_warns_of_dimensions_since_1_25(target: tuple[int, int] | None, found: list[str]) -> None:
    code = "import numpy as np\nimport torch\ndef f():\n    return float(torch.ones(1).numpy())\n"
    outcome = lint_source(Source("x.py", code), Settings(target_numpy=target, opt_in=("CNV404",)))
    assert [finding.code for finding in outcome.findings] == found


@pytest.mark.parametrize(("index", "codes"), [(":", ["CNV311"]), ("...", ["CNV311"]), ("0", [])])
def test_stretches_of_data_sets_on_disk_are_arrays(index: str, codes: list[str]) -> None:
    head = "import h5py\nimport torch\n"
    rows = f"[file['features'][each][{index}] for each in names]"
    code = f"def load(path, names):\n    with h5py.File(path) as file:\n        return torch.tensor({rows})\n"
    assert codes_shown(code, head, "CNV311") == codes
