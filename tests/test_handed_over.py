"""Whether a caller goes on using what a function has rewritten."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from torchconv_lint.analysis.elsewhere.locate import forget
from torchconv_lint.lint import lint_source
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source

METHOD = """
import numpy as np
import torch

class Data:
    {decorator}
    def shifted({this}boxes: np.ndarray, by):
        moved = boxes
        moved[:, 0] += by
        return moved
"""
USED = {
    "after the call": """
        def load(self, path):
            boxes = np.load(path)
            new = self.shifted(boxes, 1)
            return boxes, new
    """,
    "in the same statement": """
        def load(self, path):
            boxes = np.load(path)
            return boxes, self.shifted(boxes, 1)
    """,
    "in the next round": """
        def load(self, path):
            boxes = np.load(path)
            found = []
            for by in range(3):
                found.append(self.shifted(boxes, by))
            return found
    """,
    "kept by the object": """
        def load(self):
            return self.shifted(self.boxes, 1)
    """,
    "one of two callers does": """
        def load(self, path):
            boxes = np.load(path)
            boxes = self.shifted(boxes, 1)
            return boxes
        def again(self, path):
            boxes = np.load(path)
            new = self.shifted(by=1, boxes=boxes)
            return boxes, new
    """,
}
DONE = {
    "nobody calls it here": "",
    "by somebody, perhaps, who has handed it on": """
        def load(self, boxes):
            return self.shifted(boxes, 1)
    """,
    "spread": """
        def load(self, boxes):
            return self.shifted(*boxes)
    """,
    "stored back": """
        def load(self, path):
            boxes = np.load(path)
            boxes = self.shifted(boxes, 1)
            return boxes
    """,
    "stored back among others": """
        def load(self, path):
            boxes = np.load(path)
            boxes, by = self.shifted(boxes, 1), 2
            return boxes
    """,
    "never used again": """
        def load(self, path):
            boxes = np.load(path)
            return self.shifted(boxes, 1)
    """,
    "made for the call": """
        def load(self, path):
            return self.shifted(np.load(path), 1)
    """,
    "bound anew before it is used": """
        def load(self, path):
            boxes = np.load(path)
            new = self.shifted(boxes, 1)
            boxes = np.load(path)
            return boxes, new
    """,
    "bound in every round": """
        def load(self, paths):
            for path in paths:
                boxes = np.load(path)
                yield self.shifted(boxes, 1)
    """,
    "handed on by somebody who is done with it": """
        def load(self, path):
            boxes = np.load(path)
            return self.passed(boxes)
        def passed(self, boxes):
            return self.shifted(boxes, 1)
    """,
}


@pytest.fixture(params=[("pass", "self, "), ("@staticmethod", "")], ids=["method", "static"])
def data(request: pytest.FixtureRequest) -> str:
    """A class with a method that rewrites what it is given."""
    decorator, this = request.param
    return METHOD.format(decorator=decorator, this=this)


@pytest.fixture(autouse=True)
def _in_an_application(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forget()
    (tmp_path / "README.md").touch()
    monkeypatch.chdir(tmp_path)


def codes(code: str) -> list[str]:
    outcome = lint_source(Source("x.py", code), Settings(sieve=False, opt_in=("CNV204",)))
    assert outcome.problems == ()
    return [finding.code for finding in outcome.findings]


def inside(code: str) -> str:
    return textwrap.indent(textwrap.dedent(code), "    ")


@pytest.mark.parametrize("code", USED.values(), ids=USED)
def test_a_caller_may_go_on_using_it(data: str, code: str) -> None:
    assert codes(data + inside(code)) == ["CNV204"]


@pytest.mark.parametrize("code", DONE.values(), ids=DONE)
def test_all_callers_are_done_with_it(data: str, code: str) -> None:
    assert codes(data + inside(code)) == []


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ((), ["CNV204"]),
        (("README.md",), []),
        (("requirements.txt", "nets/README.md"), []),
        (("README.md", "setup.py"), ["CNV204"]),
        (("nets/README.md", "pyproject.toml"), ["CNV204"]),
    ],
)
def test_an_application_has_no_callers_but_its_own(tmp_path: Path, files: tuple[str, ...], found: list[str]) -> None:
    (tmp_path / "README.md").unlink()
    forget()
    (tmp_path / "nets").mkdir()
    for name in files:
        (tmp_path / name).touch()
    code = METHOD.format(decorator="pass", this="self, ")
    source = Source(str(tmp_path / "nets" / "data.py"), code)
    assert [one.code for one in lint_source(source, Settings(sieve=False, opt_in=("CNV204",))).findings] == found
    seen = code + inside(USED["in the next round"])
    assert [
        one.code for one in lint_source(Source(source.path, seen), Settings(sieve=False, opt_in=("CNV204",))).findings
    ] == ["CNV204"]


FUNCTION = (
    """
import torch
import numpy as np

def shifted(boxes: np.ndarray, by) -> torch.Tensor:
    """
    + '"""Returns the boxes, moved."""'
    + """
    moved = torch.from_numpy(boxes)
    moved[:, 0] += by
    return moved
"""
)
CALLERS = {
    "nobody is seen": ("", True),
    "picked by a condition": (
        "def pick(every, i):\n    own = every[every[:, 0] == i, 1:]\n    return shifted(own, 1)",
        False,
    ),
    "a part of what was given": ("def pick(every, i):\n    own = every[i:, 1:]\n    return shifted(own, 1)", True),
    "a part of what was moved first": (
        "def pick(every, i):\n    every = every.to(i)\n    own = every[i:]\n    return shifted(own, 1)",
        False,
    ),
    "made for the call": ("def fetch(path):\n    return shifted(np.load(path), 1)", False),
    "never used again": ("def fetch(path):\n    boxes = np.load(path)\n    return shifted(boxes, 1)", False),
    "used again": (
        "def fetch(path):\n    boxes = np.load(path)\n    new = shifted(boxes, 1)\n    return boxes, new",
        True,
    ),
    "handed on": ("def fetch(boxes):\n    return shifted(boxes, 1)", True),
    "handed on under its name": ("def fetch(boxes):\n    boxes = shifted(boxes, 1)\n    return boxes", True),
    "handed on by what is called here": (
        "def fetch(boxes):\n    return shifted(boxes, 1)\ndef read(path):\n    return fetch(np.load(path))",
        False,
    ),
    "kept by an object": ("class A:\n    def fetch(self):\n        return shifted(self.boxes, 1)", True),
    "for the sake of the writing": ("def load(path, boxes):\n    shifted(boxes, 1)\n    return boxes", False),
    "by itself": ("def shifted_twice(boxes):\n    return shifted_twice(shifted(boxes, 1))", False),
}


@pytest.mark.parametrize("name", CALLERS)
def test_a_package_may_have_any_callers_unless_some_are_seen(tmp_path: Path, name: str) -> None:
    forget()
    (tmp_path / "pyproject.toml").touch()
    callers, harmed = CALLERS[name]
    source = Source(str(tmp_path / "data.py"), f"{FUNCTION}\n{callers}\n")
    assert [one.code for one in lint_source(source, Settings(sieve=False)).findings] == ["CNV204"] * harmed
    asked = Settings(sieve=False, opt_in=("CNV204",))
    assert [one.code for one in lint_source(source, asked).findings] == ["CNV204"]


def test_what_a_function_deletes_is_its_own(tmp_path: Path) -> None:
    forget()
    (tmp_path / "pyproject.toml").touch()
    code = FUNCTION.replace("    moved[:, 0]", "    del boxes\n    moved[:, 0]")
    assert lint_source(Source(str(tmp_path / "data.py"), code), Settings(sieve=False)).findings == ()
    assert lint_source(Source(str(tmp_path / "data.py"), FUNCTION), Settings(sieve=False)).findings != ()


WRITTEN = """
    moved = boxes.view(-1)
    moved += by
    return moved
"""
LOOKED_AT = """
    moved = boxes.view(-1)
    moved += by
    return moved, boxes.mean()
"""
MEASURED = LOOKED_AT.replace("boxes.mean()", "boxes.shape")
BOUND_ANEW = LOOKED_AT.replace("moved +=", "boxes = by * 2\n    moved +=")
OTHERWISE = """
    moved = boxes.view(-1)
    if by:
        moved += by
    else:
        moved = boxes * 2
    return moved
"""
PROMISES = {
    "nothing is said": ("(boxes: torch.Tensor, by):", WRITTEN, False),
    "an annotation, and nobody calls it here": ("(boxes: torch.Tensor, by) -> torch.Tensor:", WRITTEN, False),
    "an annotation, and somebody calls it here": (
        "(boxes: torch.Tensor, by) -> torch.Tensor:",
        WRITTEN + "\ndef both(boxes):\n    return shifted(boxes, 1)\n",
        True,
    ),
    "an annotation that says nothing": ("(boxes: torch.Tensor, by) -> None:", WRITTEN, False),
    "a docstring": ('(boxes: torch.Tensor, by):\n    """Returns the boxes, moved."""', WRITTEN, True),
    "a docstring that tells of the writing": (
        '(boxes: torch.Tensor, by) -> torch.Tensor:\n    """Returns the boxes, moved in-place."""',
        WRITTEN,
        False,
    ),
    "a docstring whose fields are left empty": (
        '(boxes: torch.Tensor, by):\n    """Move them.\n\n    :param by: how far\n    :return:\n    """',
        WRITTEN,
        False,
    ),
    "a docstring that names the result": (
        '(boxes: torch.Tensor, by):\n    """Move them.\n\n    :return: where they are then\n    """',
        WRITTEN,
        True,
    ),
    "another docstring": ('(boxes: torch.Tensor, by):\n    """Move them."""', WRITTEN, False),
    "a docstring that names it": (
        '(boxes: torch.Tensor, by):\n    """Args:\n        boxes: the corners."""',
        WRITTEN,
        True,
    ),
    "it looks at them again": ("(boxes: torch.Tensor, by):", LOOKED_AT, True),
    "it gives them back": ("(boxes: torch.Tensor, by):", LOOKED_AT.replace("moved, boxes.mean()", "boxes"), False),
    "it asks for their shape": ("(boxes: torch.Tensor, by):", MEASURED, False),
    "it asks what they are": (
        "(boxes: torch.Tensor, by):",
        LOOKED_AT.replace("boxes.mean()", "isinstance(boxes, torch.Tensor)"),
        False,
    ),
    "it looks at them otherwise": ("(boxes: torch.Tensor, by):", OTHERWISE, False),
    "the name is bound anew": ("(boxes: torch.Tensor, by):", BOUND_ANEW, False),
}


@pytest.mark.parametrize("name", PROMISES)
def test_a_package_promises_a_result(tmp_path: Path, name: str) -> None:
    signature, body, shown = PROMISES[name]
    assert _codes(tmp_path, f"def shifted{signature}{body}") == (["CNV204"] * shown, ["CNV204"])


@pytest.mark.parametrize(
    ("signature", "shown"),
    [
        ("(self, boxes: torch.Tensor, by) -> torch.Tensor:", False),
        ('(self, boxes: torch.Tensor, by):\n        """Returns the boxes, moved."""', True),
    ],
)
def test_a_module_is_called_by_the_module_around_it(tmp_path: Path, signature: str, shown: bool) -> None:
    code = f"class Shifted(torch.nn.Module):\n    def forward{signature}" + textwrap.indent(WRITTEN, "    ")
    assert _codes(tmp_path, code) == (["CNV204"] * shown, ["CNV204"])


@pytest.mark.parametrize("parameter", ["counts_out", "out", "rows_buffer"])
def test_an_argument_that_is_there_to_be_written(tmp_path: Path, parameter: str) -> None:
    body = WRITTEN.replace("boxes", parameter)
    assert _codes(tmp_path, f"def shifted({parameter}: torch.Tensor, by) -> torch.Tensor:{body}") == ([], [])


def test_who_makes_the_module_chooses_that_it_writes(tmp_path: Path) -> None:
    method = """
    def rows(self, boxes: torch.Tensor) -> torch.Tensor:
        '''Returns the rows.'''
        values = boxes.view(-1)
        if self.inplace:
            values.mul_(2)
        return values
"""
    assert _codes(tmp_path, "class Rows:" + method) == ([], [])
    assert _codes(tmp_path, "class Rows:" + method.replace("inplace", "twice")) == (["CNV204"], ["CNV204"])


def _codes(folder: Path, code: str) -> tuple[list[str], list[str]]:
    """Of a library: what is found, by default and when it is asked for."""
    forget()
    (folder / "pyproject.toml").touch()
    source = Source(str(folder / "data.py"), "import torch\nimport numpy as np\n\n" + code)
    asked = Settings(sieve=False, opt_in=("CNV204",))
    return tuple([one.code for one in lint_source(source, each).findings] for each in (Settings(sieve=False), asked))  # type: ignore[return-value]


AS_TENSOR = """
def as_tensor(mask):
    if isinstance(mask, (bytes, np.ndarray)):
        mask = [mask]
    if isinstance(mask, list) and isinstance(mask[0], np.ndarray):
        mask = np.concatenate([one[None] for one in mask])
    return torch.from_numpy(mask)

def cut(mask):
    '''Returns the mask, cut off.'''
    mask = as_tensor(mask)
    mask[mask < 0.5] = 0
    return mask
"""


def test_from_numpy_takes_nothing_that_has_been_asked_for_an_array_and_is_none(tmp_path: Path) -> None:
    assert _codes(tmp_path, AS_TENSOR) == ([], [])
    assert _codes(tmp_path, AS_TENSOR.replace("(bytes, np.ndarray)", "bytes")) == (["CNV204"], ["CNV204"])
