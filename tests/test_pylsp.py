"""The plugin inside the real python-lsp-server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import HAZARD
from language_server import Client

pytest.importorskip("pylsp")

OTHERS = ("pyflakes", "mccabe", "pycodestyle", "autopep8", "yapf", "rope_completion", "jedi_completion")
ALONE: dict[str, Any] = {name: {"enabled": False} for name in OTHERS}
# The emoji takes two UTF-16 code units and one code point.
EMOJI = 'import torch\nx = torch.ones(3, device="cuda")\nprint("😀数", x.numpy())\n'


def text_at(text: str, range_: dict[str, Any]) -> str:
    """What an editor shows at the range: its columns count UTF-16 code units."""
    start, end = range_["start"], range_["end"]
    assert start["line"] == end["line"]
    line = text.splitlines()[start["line"]].encode("utf-16-le")
    return line[2 * start["character"] : 2 * end["character"]].decode("utf-16-le")


def replaced(text: str, edit: dict[str, Any]) -> str:
    """The text after an edit within a line, as an editor makes it."""
    lines = text.splitlines(keepends=True)
    number = edit["range"]["start"]["line"]
    line = lines[number].encode("utf-16-le")
    start, end = (2 * edit["range"][side]["character"] for side in ("start", "end"))
    lines[number] = (line[:start] + edit["newText"].encode("utf-16-le") + line[end:]).decode("utf-16-le")
    return "".join(lines)


def ours(diagnostics: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in diagnostics if str(one.get("code", "")).startswith("CNV")]


def test_an_editing_session(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    with Client(tmp_path, ALONE) as client:
        (diagnostic,) = client.open(path, EMOJI)
        assert (diagnostic["source"], diagnostic["code"]) == ("torchconv-lint", "CNV101")
        assert diagnostic["severity"] == 1
        assert text_at(EMOJI, diagnostic["range"]) == "x.numpy()"
        (related,) = diagnostic["relatedInformation"]
        assert related["location"]["uri"] == path.as_uri()
        assert text_at(EMOJI, related["location"]["range"]) == 'torch.ones(3, device="cuda")'
        assert "cuda" in related["message"]
        # The cursor is in front of the call.
        start = diagnostic["range"]["start"]
        action, hiding = client.actions(path, {"start": start, "end": start})
        assert (action["kind"], action["isPreferred"]) == ("quickfix", True)
        assert action["diagnostics"] == [diagnostic]
        ((uri, (edit,)),) = action["edit"]["changes"].items()
        assert uri == path.as_uri()
        assert replaced(EMOJI, edit) == EMOJI.replace("x.numpy", "x.cpu().numpy")
        ((_, (edit,)),) = hiding["edit"]["changes"].items()
        hidden = replaced(EMOJI, edit)
        assert hidden == EMOJI.replace("numpy())", "numpy())  # noqa: CNV101")
        assert client.actions(path, {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 3}}) == []
        (action,) = client.actions(path, diagnostic["range"], only=["source.fixAll"])
        assert action["kind"] == "source.fixAll.torchconv-lint"
        ((_, (edit,)),) = action["edit"]["changes"].items()
        assert edit["newText"] == EMOJI.replace("x.numpy", "x.cpu().numpy")
        # To the beginning of the line that the final line ending begins.
        assert edit["range"] == {"start": {"line": 0, "character": 0}, "end": {"line": 3, "character": 0}}
        assert client.change(path, 2, hidden) == []
        # Half-typed code is nobody's news, and certainly not ours.
        assert client.change(path, 3, EMOJI + "def f(") == []
        assert client.change(path, 4, EMOJI.replace("x.numpy", "x.cpu().numpy")) == []


def test_with_flake8_nothing_is_shown_twice_and_settings_hold(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.torchconv_lint]\nignore = ["CNV4"]\nexclude = ["vendored/"]\n')
    text = HAZARD + "\n\nif torch.ones(3): pass\n"
    with Client(tmp_path, {**ALONE, "flake8": {"enabled": True, "select": ["CNV", "E"]}}) as client:
        diagnostics = client.open(tmp_path / "a.py", text)
        assert [(one["source"], one["code"]) for one in diagnostics] == [
            ("flake8", "E701"),
            ("torchconv-lint", "CNV101"),
        ]
        assert ours(client.open(tmp_path / "vendored" / "a.py", text)) == []
    with Client(tmp_path, {**ALONE, "torchconv_lint": {"enabled": False}, "flake8": {"enabled": True}}) as client:
        assert {one["source"] for one in ours(client.open(tmp_path / "a.py", text))} == {"flake8"}


def test_known_findings_and_bad_settings(tmp_path: Path) -> None:
    path, settings = tmp_path / "a.py", tmp_path / "pyproject.toml"
    known = '{"version": 1, "findings": [{"path": "a.py", "code": "CNV101", "text": "return x.numpy()", "count": 1}]}'
    (tmp_path / "known.json").write_text(known)
    settings.write_text('[tool.torchconv_lint]\nbaseline = "known.json"\n')
    with Client(tmp_path, ALONE) as client:
        assert client.open(path, HAZARD) == []
        settings.write_text('[tool.torchconv_lint]\nwat = "?"\n')
        (trouble,) = client.change(path, 2, HAZARD + "\n")
        assert trouble["severity"] == 3
        assert "unknown key 'wat'" in trouble["message"]


def test_reasons_in_another_file_that_comes_and_changes(tmp_path: Path) -> None:
    path, other = tmp_path / "a.py", tmp_path / "lib.py"
    text = "import torch\n\nfrom lib import ones\n\nprint(ones().numpy())\n"
    made = 'import torch\n\n\ndef ones():\n    print("😀"); return torch.ones(3, device="cuda")\n'
    # Imports are followed from files that are saved somewhere.
    path.write_text(text)
    (tmp_path / "pyproject.toml").write_text('[tool.torchconv_lint]\nopt-in = ["CNV101"]\n')
    with Client(tmp_path, ALONE) as client:
        assert client.open(path, text) == []
        other.write_text(made, "utf-8")
        (diagnostic,) = client.change(path, 2, text + "\n")
        first = diagnostic["relatedInformation"][0]
        assert first["location"]["uri"] == other.as_uri()
        assert text_at(made, first["location"]["range"]) == 'torch.ones(3, device="cuda")'
        other.write_text(made.replace("cuda", "cpu"), "utf-8")
        assert client.change(path, 3, text) == []
