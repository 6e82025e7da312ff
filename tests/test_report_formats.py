"""The reports for other programs: the command line writes them, the formats' own rules are checked."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from conftest import HAZARD, REPOSITORY, Run

from torchconv_lint.model import Because, Confidence, Edit, Finding, Fix, Problem, Safety, Span
from torchconv_lint.report import run as reported
from torchconv_lint.report.formats import FORMATS
from torchconv_lint.rules import all_rules
from torchconv_lint.shell.checked import Checked

# Where the findings are: after a wide character, and after one that takes two places in UTF-16.
WIDE = 'import torch\nx = "数😀", torch.ones(3, device="cuda").numpy()\n'


@pytest.fixture(autouse=True)
def not_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)


def sarif(text: str) -> dict[str, Any]:
    """The only run of a SARIF log, after validation against the schema of the standard."""
    log = json.loads(text)
    schema = json.loads((REPOSITORY / "tests" / "data" / "sarif-2.1.0.json").read_text("utf-8"))
    jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker()).validate(log)
    (run,) = log["runs"]
    return run  # type: ignore[no-any-return]


def invented(path: str = "a.py", confidence: Confidence = Confidence.LIKELY) -> reported.Run:
    """A run with what a rule of today may not say: an unsafe fix, reasons in other files, marks with a meaning."""
    because = (Because("b.py", Span(3, 1, 3, 2), "`{x}` comes from `f[0](y)`, 100%\nsure"),)
    edits = (Edit(Span(6, 12, 6, 12), ".cpu()"), Edit(Span(1, 1, 2, 1), ""))
    fix = Fix("insert `.cpu()`", Safety.UNSAFE, edits)
    finding = Finding("CNV101", "a-name", "is wrong", path, Span(6, 12, 7, 3), confidence, because, fix)
    problem = Problem("c.py", 2, 7, "syntax error: no")
    checked = Checked(path, (finding,), (), {(0, 6): "  return x.numpy(\n"})
    return reported.Run((checked, Checked("c.py", problems=(problem,)), Checked("d.py")), (problem,))


def test_sarif_of_all_fixtures_is_valid(check: Run) -> None:
    result = check("fixtures", "--format=sarif", "--select=ALL", "--confidence=possible", cwd=REPOSITORY)
    assert result.returncode == 1
    run = sarif(result.stdout)
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} == {one["ruleId"] for one in run["results"]}
    assert {one["ruleId"] for one in run["results"]} == {rule.code for rule in all_rules()}
    prints = [one["partialFingerprints"]["torchconvLint/v1"] for one in run["results"]]
    assert len(set(prints)) == len(prints) > 100


def test_sarif_columns_count_code_points(check: Run, tmp_path: Path) -> None:
    (tmp_path / "wide file.py").write_text(WIDE, "utf-8")
    run = sarif(check("--format=sarif").stdout)
    assert run["columnKind"] == "unicodeCodePoints"
    (result,) = run["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "wide%20file.py", "uriBaseId": "%SRCROOT%"}
    region = place["region"]
    line = WIDE.splitlines()[1]
    assert line[region["startColumn"] - 1 : region["endColumn"] - 1] == 'torch.ones(3, device="cuda").numpy()'


def test_sarif_shows_the_way_to_the_finding() -> None:
    run = sarif(FORMATS["sarif"](invented()))
    (result,) = run["results"]
    assert result["level"] == "warning"
    ((flow,),) = [flow["threadFlows"] for flow in result["codeFlows"]]
    first, last = (step["location"] for step in flow["locations"])
    assert first["physicalLocation"]["artifactLocation"]["uri"] == "b.py"
    # Braces would be placeholders, and brackets before a parenthesis a link.
    assert first["message"]["text"] == "`{{x}}` comes from `f\\[0\\](y)`, 100%\nsure"
    assert last["physicalLocation"] == result["locations"][0]["physicalLocation"]
    (fix,) = result["fixes"]
    assert fix["properties"] == {"safety": "unsafe"}
    insert, delete = fix["artifactChanges"][0]["replacements"]
    assert insert["insertedContent"] == {"text": ".cpu()"}
    assert insert["deletedRegion"] == {"startLine": 6, "startColumn": 12, "endLine": 6, "endColumn": 12}
    assert delete["insertedContent"] == {"text": ""}
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert [one["message"]["text"] for one in invocation["toolExecutionNotifications"]] == ["syntax error: no"]


def test_sarif_outside_of_the_project() -> None:
    (result,) = sarif(FORMATS["sarif"](invented("/elsewhere/a b.py")))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "file:///elsewhere/a%20b.py"}


@pytest.mark.parametrize("format_", ["sarif", "gitlab"])
def test_fingerprints_survive_moved_lines_and_tell_twins_apart(check: Run, tmp_path: Path, format_: str) -> None:
    def prints() -> list[str]:
        document = json.loads(check("--format", format_).stdout)
        if format_ == "gitlab":
            return [issue["fingerprint"] for issue in document]
        return [result["partialFingerprints"]["torchconvLint/v1"] for result in document["runs"][0]["results"]]

    twice = HAZARD + HAZARD.replace("scores", "more")
    path = tmp_path / "a.py"
    path.write_text(twice)
    before = prints()
    path.write_text("# a comment\n\n\n" + twice.replace("\ndef", "\n\n\ndef"))
    assert prints() == before
    assert len(set(before)) == 2
    path.write_text(twice.replace("x.numpy()", "x.numpy().sum()", 1))
    assert len(set(before) & set(prints())) == 1
    path.rename(tmp_path / "b.py")
    assert not set(before) & set(prints())


def test_github(check: Run, hazard: Path) -> None:
    (command,) = check("--format=github").stdout.splitlines()
    begin = "::error file=hazard.py,line=6,endLine=6,col=12,endColumn=21,title=CNV101 numpy-on-accelerator::`x` may"
    assert command.startswith(begin)
    assert "%0Abecause hazard.py:5: `torch.ones(" in command
    hazard.unlink()
    assert check("--format=github").stdout == ""


@pytest.mark.parametrize(
    ("confidence", "level"),
    [(Confidence.CERTAIN, "error"), (Confidence.LIKELY, "warning"), (Confidence.POSSIBLE, "notice")],
)
def test_github_escapes_what_has_a_meaning_there(confidence: Confidence, level: str) -> None:
    finding, problem = FORMATS["github"](invented("a:b,c%.py", confidence)).split("\n")
    assert finding == (
        f"::{level} file=a%3Ab%2Cc%25.py,line=6,endLine=7,title=CNV101 a-name::is wrong"
        "%0Abecause b.py:3: `{x}` comes from `f[0](y)`, 100%25%0Asure"
    )
    assert problem == "::error file=c.py,line=2,col=7,title=torchconv-lint::syntax error: no"


@pytest.mark.parametrize("variable", ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"])
def test_ci_knows_files_by_the_path_from_the_root(check: Run, hazard: Path, variable: str) -> None:
    inside, outside = (
        check("--format=github", env={variable: str(root)}).stdout for root in (hazard.parent.parent, REPOSITORY)
    )
    assert f"file={hazard.parent.name}/hazard.py," in inside
    assert "file=hazard.py," in outside


def test_gitlab(check: Run, hazard: Path) -> None:
    (hazard.parent / "broken.py").write_text("import torch\nx = = 1\n")
    issue, problem = json.loads(check("--format=gitlab").stdout)
    assert issue["description"].startswith("CNV101: `x` may be on an accelerator")
    assert issue["check_name"] == "numpy-on-accelerator"
    assert issue["severity"] == "major"
    assert issue["location"] == {"path": "hazard.py", "lines": {"begin": 6, "end": 6}}
    assert problem["severity"] == "critical"
    assert problem["location"] == {"path": "broken.py", "lines": {"begin": 2, "end": 2}}


def test_junit(check: Run, hazard: Path) -> None:
    (hazard.parent / "broken.py").write_text("import torch\nx = = 1\n")
    (hazard.parent / "clean.py").write_text("import torch\n")
    suites = ElementTree.fromstring(check("--format=junit").stdout)
    assert suites.attrib == {"name": "torchconv-lint", "tests": "3", "failures": "1", "errors": "1"}
    assert [suite.get("name") for suite in suites] == ["broken.py", "clean.py", "hazard.py"]
    broken, clean, hazardous = (suite.find("testcase") for suite in suites)
    assert broken is not None
    assert broken.find("error") is not None
    assert clean is not None
    assert len(clean) == 0
    assert hazardous is not None
    assert hazardous.attrib == {
        "classname": "hazard.py",
        "name": "CNV101 numpy-on-accelerator (6:12)",
        "file": "hazard.py",
        "line": "6",
    }
    failure = hazardous.find("failure")
    assert failure is not None
    assert (failure.text or "").splitlines()[1].startswith("because hazard.py:5:9: ")


def test_junit_of_what_xml_cannot_carry() -> None:
    text = FORMATS["junit"](invented(os.fsdecode(b"\xff\x00\x1b\xef\xbf\xbf.py").replace("\0", "\x01")))
    assert text.isascii()
    names = [suite.get("name") for suite in ElementTree.fromstring(text)]
    assert names[0] is not None
    assert names[0].endswith("\ufffd\u2401\u241b\ufffd.py")


@pytest.mark.parametrize("format_", ["text", *FORMATS])
def test_output_goes_into_the_file(check: Run, hazard: Path, format_: str) -> None:
    report = hazard.parent / "report"
    shown = check("--no-cache", "--format", format_).stdout
    result = check("--no-cache", "--format", format_, "--output", "report")
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.endswith("1 finding in 1 of 1 file (1 fixable with --fix)\n")
    assert report.read_text("utf-8") == shown
    # Nothing else is left lying about.
    assert {path.name for path in hazard.parent.iterdir()} == {"hazard.py", "report"}


def test_output_that_cannot_be_written(check: Run, hazard: Path) -> None:
    result = check("--output", "nowhere/report")
    assert result.returncode == 2
    assert "nowhere/report: cannot be written: No such file or directory" in result.stderr


def test_statistics(check: Run, tmp_path: Path) -> None:
    scores = "\n".join(HAZARD.replace("scores", f"scores{number}") for number in range(10))
    (tmp_path / "a.py").write_text(scores + "\n\nif torch.ones(3):\n    pass\n")
    result = check("--statistics", "--format=json")
    assert len(json.loads(result.stdout)) == 11
    assert result.stderr.splitlines() == ["10  CNV101  numpy-on-accelerator", " 1  CNV402  truth-of-many-elements"]
