"""Properties of the edit engine that hold for any text: nothing moves but what an edit says."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torchconv_lint.fixing.edits import Text
from torchconv_lint.model import Edit
from torchconv_lint.settings import Settings
from torchconv_lint.shell.check import Checker
from torchconv_lint.shell.fix import SAFE, Fixer
from torchconv_lint.shell.selection import Selection

# Line ends, what `str.splitlines` takes for line ends, wide and combining characters.
TEXT = st.text(st.sampled_from("ab (\t\n\r\x0b\x0c\x1c\x85\u2028é𝔘\u0301"), max_size=40)


@given(TEXT, st.data())
def test_spans_and_offsets_are_the_same(text: str, data: st.DataObject) -> None:
    source = Text(text)
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, len(text)))
    span = source.span(begin, end)
    assert source.range(span) == (begin, end)
    assert source.at(span) == text[begin:end]
    assert span.line <= span.end_line


@given(TEXT, st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), st.text("xy", max_size=3)), max_size=5))
def test_edits_replace_what_they_name_and_nothing_else(text: str, wanted: list[tuple[int, int, str]]) -> None:
    source = Text(text)
    cuts = [(min(a, b, len(text)), min(max(a, b), len(text)), new) for a, b, new in wanted]
    edits = [Edit(source.span(begin, end), new) for begin, end, new in cuts]
    ordered = sorted(cuts)
    apart = all(one[1] <= other[0] and one[0] < other[0] for one, other in itertools.pairwise(ordered))
    if not apart:
        with pytest.raises(ValueError, match="overlapping"):
            source.edited(edits)
        return
    expected = text
    for begin, end, new in reversed(ordered):
        expected = expected[:begin] + new + expected[end:]
    assert source.edited(edits) == expected


ENCODINGS = {
    "utf-8": "é変𝔘",
    "utf-8-sig": "é変𝔘",
    "latin-1": "éÿ",
    "cp1252": "é€",
    "shift_jis": "変換",
    "koi8-r": "жд",
    "euc_kr": "한글",
}

LINES = st.sampled_from(
    [
        "y = 1",
        "",
        "    ",
        "# {}",
        "'{}'",
        "'''{}",
        "z = (1,",
        "\x0c",
        "s = '\\N{{DIGIT ONE}}\\\\'",
        "def f(): return 0",
        "v = x.numpy()",
        "w = (x",
    ]
)
CLOSE = {"'''{}": "'''", "z = (1,": "     2)", "w = (x": "     .numpy())"}


@st.composite
def files(draw: st.DrawFn) -> bytes:
    encoding = draw(st.sampled_from(sorted(ENCODINGS)))
    # Python looks for a cookie in what "\n" ends, and sees none in a line that goes on to the end of the file.
    newline = draw(st.sampled_from(["\n", "\r\n", *(["\r"] if encoding.startswith("utf-8") else [])]))
    filling = ENCODINGS[encoding]
    lines = [] if encoding.startswith("utf-8") else [f"# coding: {encoding}"]
    lines += ["import torch", "x = torch.ones(3, device='cuda')"]
    for line in draw(st.lists(LINES, max_size=8)):
        lines.append(line.format(draw(st.text(filling, max_size=4))))
        if line in CLOSE:
            lines.append(CLOSE[line])
    text = newline.join(lines) + draw(st.sampled_from(["", newline]))
    return text.encode(encoding)


@settings(max_examples=150, deadline=None)
@given(files())
def test_fixing_a_file_of_any_encoding_changes_the_hazards_only(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.py"
        path.write_bytes(data)
        fixer = Fixer(Checker(Settings(), Selection()), SAFE, write=True)
        checked = fixer.check_file(str(path))
        assert (checked.findings, checked.problems) == ((), ())
        fixed = path.read_bytes()
        chained = b"w = (x.cpu()"
        assert fixed == data.replace(b"x.numpy()", b"x.cpu().numpy()").replace(b"w = (x", chained)
        assert checked.fixed == data.count(b".numpy()")
        assert fixer.check_file(str(path)).fixed == 0
        assert path.read_bytes() == fixed
