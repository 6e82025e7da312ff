from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.cases import Case
from bench.repaired import repaired_lines

HEAD = "import torch\n\n\ndef f(x: torch.Tensor, device):\n    y = x.to(device)\n"


def test_what_has_taken_the_place_of_the_bug_counts() -> None:
    case = Case("X1", "o/n", "a.py", 3, "", "", "", (5,))
    before = ["a", "b", "bug", "c", "second"]
    assert repaired_lines(case, before, ["new", "a", "b", "mended", "and", "c", "second"]) == {4, 5}
    assert repaired_lines(case, before, before) == set()


@pytest.mark.parametrize(
    ("line", "mended", "exit_code"),
    [(6, "y.cpu().numpy()", 0), (6, "y.detach().numpy()", 1), (5, "y.detach().numpy()", 0)],
)
def test_a_repair_that_is_still_reported_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: int, mended: str, exit_code: int
) -> None:
    pytest.importorskip("pebble", reason="bench/requirements.txt is not installed")
    from bench import realbugs

    for folder, last in (("bugs", "y.numpy()"), ("repaired", mended)):
        path = tmp_path / folder / "X1" / "a.py"
        path.parent.mkdir(parents=True)
        path.write_text(f"{HEAD}    return {last}\n", encoding="utf-8")
    case = {"id": "X1", "repo": "o/n", "path": "a.py", "line": line, "also_flaggable_lines": [], "why": "w"}
    (tmp_path / "bugs.json").write_text(json.dumps([case]), encoding="utf-8")
    folders = [str(tmp_path / "bugs"), "--repaired", str(tmp_path / "repaired")]
    assert realbugs.main([*folders, "--bugs", str(tmp_path / "bugs.json"), "-j1"]) == exit_code
    told = capsys.readouterr().out
    assert ("repaired files: 1 of 1" in told) is bool(exit_code)
    assert ("repaired files: 0 of 1" in told) is (line == 6 and not exit_code)
