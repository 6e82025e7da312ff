from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from conftest import HAZARD

from bench.fixes import compare_imports, fixed


def test_a_package_is_fixed_in_a_copy(tmp_path: Path) -> None:
    package = tmp_path / "tiny"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "hazard.py").write_text(HAZARD)
    (package / "broken.py").write_text("import torch\ndef f(:\n")
    outcome = fixed(tmp_path, "tiny 1")
    assert (package / "hazard.py").read_text() == HAZARD
    assert (outcome.files, outcome.findings, outcome.safe, outcome.left, outcome.changed) == (3, 1, 1, 0, 1)
    assert outcome.imports == "works"
    assert outcome.good
    assert not replace(outcome, broken=["a.py"]).good


def test_imports_are_compared() -> None:
    assert compare_imports([True, True], [True, False]) == "broken by the fixes"
    assert compare_imports([False], [False]) == "not installed here"
