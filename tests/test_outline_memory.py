"""What an outline tells of memory: attributes that are written in place, and names that stand for a caller's data."""

import ast

import pytest

from torchconv_lint.analysis.syntax.outline import outline


@pytest.mark.parametrize(
    ("statement", "written"),
    [
        ("self.x[0] = 1", {"x"}),
        ("self.x.data[0] += 1", {"x"}),
        ("self.x += 1", {"x"}),
        ("self.x.data.add_(1)", {"x"}),
        ("self.x.requires_grad_()", set()),
        ("self.x.__setitem__(0, 1)", set()),
        ("self.x = self.x + 1", set()),
        ("other.x.add_(1)", set()),
    ],
)
def test_attributes_written_in_place(statement: str, written: set[str]) -> None:
    file = outline(ast.parse(f"class A:\n    def f(self, other):\n        {statement}\n"))
    assert file.classes["A"].written == written


@pytest.mark.parametrize(
    ("body", "given"),
    [
        ("pass", {"x"}),
        ("y, z = x", {"x", "y", "z"}),
        ("y = x[0].T.squeeze(-1)", {"x", "y"}),
        ("x = x.squeeze(-1)", {"x"}),
        ("x = x * 2", set()),
        ("y = f(x)", {"x"}),
    ],
)
def test_names_of_the_callers_data(body: str, given: set[str]) -> None:
    file = outline(ast.parse(f"class A:\n    def f(self, x):\n        {body}\n"))
    assert file.classes["A"].methods["f"].given == given
