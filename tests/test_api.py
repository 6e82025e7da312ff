"""The public Python interface: what it gives, and that importing the package stays cheap."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import HAZARD, REPOSITORY

import torchconv_lint
from torchconv_lint import Confidence, Finding, Fix, Safety, lint_paths, lint_source


def test_source_gives_findings_with_fixes() -> None:
    (finding,) = lint_source(HAZARD, filename="a.py").findings
    assert isinstance(finding, Finding)
    assert (finding.path, finding.code, finding.span.line, finding.span.column) == ("a.py", "CNV101", 6, 12)
    assert finding.confidence is Confidence.CERTAIN
    assert isinstance(finding.fix, Fix)
    assert finding.fix.safety is Safety.SAFE
    assert lint_source(b"\xef\xbb\xbf" + HAZARD.encode(), filename="a.py").findings == (finding,)


def test_comments_and_options_count() -> None:
    assert lint_source(HAZARD.replace("()\n", "()  # noqa: CNV101\n")).findings == ()
    assert lint_source(HAZARD, ignore=["CNV1"]).findings == ()
    assert lint_source(HAZARD, select=["CNV2"]).findings == ()
    assert lint_source(HAZARD, assume_device="cpu").findings == ()
    assert lint_source(HAZARD, confidence=Confidence.CERTAIN).findings


def test_what_cannot_be_parsed_is_a_problem() -> None:
    (problem,) = lint_source("import torch\ndef f(:\n", filename="b.py").problems
    assert (problem.path, problem.line) == ("b.py", 2)


@pytest.mark.parametrize("options", [{"select": ["E501"]}, {"ignore": ["X"]}, {"assume_device": "tpu"}])
def test_senseless_options_raise(options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"E501|'X'|tpu"):
        lint_source("", **options)  # type: ignore[arg-type]


def test_paths_and_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text(HAZARD)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c.py").write_text(HAZARD)
    assert [finding.path for finding in lint_paths([tmp_path / "a.py", "b", "none.py"]).findings] == [
        str(tmp_path / "a.py"),
        str(Path("b", "c.py")),
    ]
    assert "cannot be read" in lint_paths(["none.py"]).problems[0].message
    (tmp_path / "pyproject.toml").write_text('[tool.torchconv_lint]\nexclude = ["b/"]\nignore = ["CNV2"]\n')
    assert len(lint_paths(["."]).findings) == 1
    (tmp_path / "pyproject.toml").write_text("[tool.torchconv_lint]\nnonsense = 1\n")
    with pytest.raises(ValueError, match="nonsense"):
        lint_paths(["."])


def test_importing_the_package_imports_nothing_else() -> None:
    code = "import sys; import torchconv_lint; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY, check=True)
    assert {name for name in result.stdout.split() if name.startswith(("torchconv_lint", "libcst", "click"))} == {
        "torchconv_lint"
    }


def test_every_public_name_is_there_and_documented() -> None:
    page = (REPOSITORY / "docs" / "api.md").read_text("utf-8")
    for name in torchconv_lint.__all__:
        assert getattr(torchconv_lint, name) is not None
        assert name in dir(torchconv_lint)
        assert f"`{name}`" in page
    with pytest.raises(AttributeError, match="nothing"):
        torchconv_lint.nothing  # noqa: B018


def test_the_page_s_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    page = (REPOSITORY / "docs" / "api.md").read_text("utf-8")
    example = re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0]
    exec(compile(example, "api.md", "exec"), {})
    assert capsys.readouterr().out.splitlines()[0].startswith("5 CNV101 ")
