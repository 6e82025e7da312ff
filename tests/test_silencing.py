"""The comment that hides a finding, and nothing else."""

from __future__ import annotations

import pytest

from torchconv_lint.fixing.edits import Text
from torchconv_lint.fixing.silencing import silencing
from torchconv_lint.lint import lint_source
from torchconv_lint.noqa import Noqa
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source

BEFORE = 'import torch\n\nx = torch.ones(3, device="cuda")\n'


def silenced(lines: str) -> str | None:
    """The lines with the comment for their only finding."""
    source = Source("a.py", BEFORE + lines)
    (finding,) = lint_source(source, Settings()).findings
    edit = silencing(source, finding)
    if edit is None:
        return None
    text = Text(source.text).edited([edit])
    assert Noqa(text).hides(finding.code, finding.span.line)
    assert text.startswith(BEFORE)
    return text.removeprefix(BEFORE)


@pytest.mark.parametrize(
    ("lines", "after"),
    [
        ("x.numpy()\n", "x.numpy()  # noqa: CNV101\n"),
        ("x.numpy()\r\n", "x.numpy()  # noqa: CNV101\r\n"),
        ("x.numpy()", "x.numpy()  # noqa: CNV101"),
        ("x.numpy()   \n", "x.numpy()  # noqa: CNV101   \n"),
        ("x.numpy()  # why\n", "x.numpy()  # why  # noqa: CNV101\n"),
        ("x.numpy()  # noqa: E501\n", "x.numpy()  # noqa: E501,CNV101\n"),
        ("x.numpy()  # noqa: E501 long\n", "x.numpy()  # noqa: E501,CNV101 long\n"),
        ("print(\n    x.numpy(),\n)\n", "print(\n    x.numpy(),  # noqa: CNV101\n)\n"),
        # Behind a backslash, and inside of a string, there is no room.
        ("y = x.numpy() + \\\n    1\n", None),
        ('y = x.numpy(), """\n"""\n', None),
    ],
)
def test_where_the_comment_goes(lines: str, after: str | None) -> None:
    assert silenced(lines) == after
