"""Findings in an editor's terms, given findings that no rule of today makes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from torchconv_lint.editor import pylsp_plugin
from torchconv_lint.editor.protocol import Document
from torchconv_lint.model import Because, Confidence, Edit, Finding, Fix, Problem, Safety, Span
from torchconv_lint.source import Source

TEXT = 'import torch\r\nx = "😀", y.numpy()\n'
DOCUMENT = Document("file:///a.py", Source("/a.py", TEXT))


def place(line: int, start: int, end_line: int, end: int) -> dict[str, Any]:
    return {"start": {"line": line, "character": start}, "end": {"line": end_line, "character": end}}


def finding(fix: Fix | None = None, because: Because | None = None) -> Finding:
    reasons = () if because is None else (because,)
    return Finding("CNV101", "name", "is wrong", "/a.py", Span(2, 10, 2, 19), Confidence.LIKELY, reasons, fix)


@pytest.mark.parametrize(
    ("safety", "preferred", "title"),
    [
        (Safety.SAFE, True, "CNV101: insert `.cpu()`"),
        (Safety.UNSAFE, False, "CNV101: insert `.cpu()` (changes more than the hazard)"),
    ],
)
def test_a_quick_fix(safety: Safety, preferred: bool, title: str) -> None:
    edits = (Edit(Span(2, 11, 2, 11), ".cpu()"), Edit(Span(1, 1, 2, 1), ""))
    fix = Fix("insert `.cpu()`", safety, edits)
    action = DOCUMENT.action(finding(fix), fix)
    assert (action["title"], action["kind"], action["isPreferred"]) == (title, "quickfix", preferred)
    changes = [
        {"range": place(1, 11, 1, 11), "newText": ".cpu()"},
        {"range": place(0, 0, 1, 0), "newText": ""},
    ]
    assert action["edit"] == {"changes": {"file:///a.py": changes}}
    assert action["diagnostics"] == [DOCUMENT.diagnostic(finding())]
    assert action["diagnostics"][0]["range"] == place(1, 10, 1, 19)


@pytest.mark.parametrize(
    ("range_", "touched"),
    [
        (place(1, 10, 1, 10), True),
        (place(1, 19, 1, 19), True),
        (place(0, 0, 2, 0), True),
        (place(1, 0, 1, 9), False),
        (place(1, 20, 1, 22), False),
        (place(0, 15, 0, 15), False),
    ],
)
def test_which_findings_a_cursor_or_selection_means(range_: dict[str, Any], touched: bool) -> None:
    assert DOCUMENT.touches(finding(), range_) == touched


def test_reasons_in_another_file_use_its_own_columns(tmp_path: Path) -> None:
    other = tmp_path / "b.py"
    other.write_text('z = "😀", cuda\n', "utf-8")
    for path, expected in ((other, place(0, 10, 0, 14)), (tmp_path / "gone.py", place(0, 0, 0, 0))):
        because = Because(str(path), Span(1, 10, 1, 14), "puts it there")
        (related,) = DOCUMENT.diagnostic(finding(because=because))["relatedInformation"]
        assert related == {"location": {"uri": path.as_uri(), "range": expected}, "message": "puts it there"}


def test_a_problem_beyond_the_end_is_shown_all_the_same() -> None:
    diagnostic = DOCUMENT.trouble(Problem("/a.py", 9, 4, "too large"))
    assert diagnostic["range"] == place(8, 0, 8, 0)
    assert "code" not in diagnostic


@pytest.mark.parametrize(
    ("text", "end"),
    [("x = 1\r\n", (1, 0)), ("x = 1", (0, 5)), ('a\n"😀"', (1, 4)), ("\n", (1, 0))],
)
def test_replacing_everything_leaves_nothing(text: str, end: tuple[int, int]) -> None:
    action = Document("file:///a.py", Source("/a.py", text)).replacement("all", "new")
    ((edit,),) = action["edit"]["changes"].values()
    assert edit == {"range": place(0, 0, *end), "newText": "new"}


class _Open:
    """What the server hands to its plugins."""

    def __init__(self, folder: Path, text: str) -> None:
        self.root_path = str(folder)
        self.path = str(folder / "a.py")
        self.uri = (folder / "a.py").as_uri()
        self.source = text


@pytest.mark.parametrize(
    ("context", "asked"),
    [({}, True), ({"only": ["quickfix"]}, True), ({"only": [""]}, True), ({"only": ["refactor"]}, False)],
)
@pytest.mark.parametrize(("safety", "offered"), [(Safety.SAFE, True), (Safety.SHOWN, False), (None, False)])
def test_fixes_are_offered_where_they_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, context: dict[str, Any], asked: bool, safety: Any, offered: bool
) -> None:
    fix = safety and Fix("do it", safety, (Edit(Span(1, 1, 1, 1), ""),))
    checked = pylsp_plugin.Checked("a.py", (finding(fix),))
    monkeypatch.setattr(pylsp_plugin, "_checked", lambda root, source: checked)
    monkeypatch.setattr(pylsp_plugin, "silencing", lambda source, finding: None)
    document = _Open(tmp_path, TEXT)
    for range_, here in ((place(1, 12, 1, 12), True), (place(0, 0, 0, 0), False)):
        actions = pylsp_plugin.pylsp_code_actions(document, document, range_, context)
        assert len(actions) == int(asked and offered and here)


@pytest.mark.parametrize(
    ("only", "kinds"),
    [
        ([], ["quickfix", "quickfix"]),
        (["source"], ["source.fixAll.torchconv-lint"]),
        (["source.fixAll.torchconv-lint"], ["source.fixAll.torchconv-lint"]),
        (["source.fixAll.ruff"], []),
        (["source.fix"], []),
        ([""], ["quickfix", "quickfix", "source.fixAll.torchconv-lint"]),
    ],
)
def test_which_kinds_of_actions_are_asked_for(tmp_path: Path, only: list[str], kinds: list[str]) -> None:
    hazard = 'import torch\nx = torch.ones(3, device="cuda").numpy()\n'
    document = _Open(tmp_path, hazard)
    actions = pylsp_plugin.pylsp_code_actions(document, document, place(0, 0, 2, 0), {"only": only})
    assert [action["kind"] for action in actions] == kinds
    clean = _Open(tmp_path, hazard.replace(".numpy()", ".cpu().numpy()"))
    assert pylsp_plugin.pylsp_code_actions(clean, clean, place(0, 0, 2, 0), {"only": only}) == []


def test_fixes_that_never_settle_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A fix that repairs nothing is found again and again.
    fix = Fix("do it", Safety.SAFE, (Edit(Span(1, 1, 1, 1), "\n"),))
    monkeypatch.setattr(pylsp_plugin, "_checked", lambda root, source: pylsp_plugin.Checked("", (finding(fix),)))
    document = _Open(tmp_path, TEXT)
    assert pylsp_plugin.pylsp_code_actions(document, document, place(0, 0, 0, 0), {"only": ["source"]}) == []


def test_a_file_outside_of_the_workspace_has_the_settings_of_its_folder(tmp_path: Path) -> None:
    hazard = 'import torch\nx = torch.ones(3, device="cuda").numpy()\n'
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for folder in (inside, outside):
        folder.mkdir()
    (outside / "pyproject.toml").write_text('[tool.torchconv_lint]\nassume-device = "cpu"\n')
    diagnostics = pylsp_plugin._diagnostics
    assert diagnostics(_Open(inside, ""), _Open(outside, hazard)) == []
    assert len(diagnostics(_Open(inside, ""), _Open(inside, hazard))) == 1
    assert len(diagnostics(_Open(tmp_path, ""), _Open(outside, hazard))) == 1
