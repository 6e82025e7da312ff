"""What must grow together does: rules, their pages, the changelog and the fixtures."""

from __future__ import annotations

import ast
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import REPOSITORY

from torchconv_lint.model import Confidence
from torchconv_lint.rules import all_rules, page
from torchconv_lint.rules.base import Rule
from torchconv_lint.rules.pages import SECTIONS, summary

CODES = {rule.code for rule in all_rules()}
RULES = pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)


def test_codes_and_names_are_unique() -> None:
    assert len({rule.name for rule in all_rules()}) == len(CODES) == len(all_rules())


def test_rules_are_asked_for_without_libcst() -> None:
    # A file of which the sieve leaves nothing must not pay for its import.
    code = "import sys\nfrom torchconv_lint import rules, sieve\nrules.all_rules()\nassert 'libcst' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@RULES
def test_a_rule_is_found_by_its_file(rule: Rule[Any]) -> None:
    assert re.fullmatch(r"CNV[1-8][0-9]{2}", rule.code)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
    file = type(rule).__module__.rpartition(".")[2]
    assert file == f"{rule.code.lower()}_{rule.name.replace('-', '_')}"


def test_the_changelog_lists_every_rule() -> None:
    listed = re.findall(r"^  - (CNV[0-9]{3}) `(.*)`$", (REPOSITORY / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted((rule.code, rule.name) for rule in all_rules())


def test_the_index_says_which_rules_are_on() -> None:
    index = (REPOSITORY / "docs" / "rules" / "index.md").read_text("utf-8")
    rows = re.findall(
        r"^\| \[(CNV[0-9]{3})\].*\| (on|on if certain|opt-in: strict|opt-in: performance) \|$", index, re.MULTILINE
    )
    on = {Confidence.LIKELY: "on", Confidence.CERTAIN: "on if certain"}
    assert dict(rows) == {
        rule.code: on[rule.default_from] if rule.default else f"opt-in: {rule.group}" for rule in all_rules()
    }


def test_every_rule_has_fixtures() -> None:
    folders = {path.parent.name.upper() for path in (REPOSITORY / "fixtures").glob("cnv*/*.py")}
    assert folders == CODES


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All pages, written anew into a folder in which there is one of a rule that is gone."""
    folder = tmp_path_factory.mktemp("docs")
    (folder / "rules").mkdir()
    (folder / "rules" / "CNV000.md").write_text("")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["docs", str(folder)])
        runpy.run_module("torchconv_lint.docs", run_name="__main__")
    return folder


def test_pages_are_up_to_date(written: Path) -> None:
    """A changed rule, fixture or piece of evidence shows in its pages."""
    wanted = {path.relative_to(written).as_posix(): path.read_text("utf-8") for path in written.rglob("*.md")}
    paths = [*(REPOSITORY / "docs" / "rules").glob("*"), *(REPOSITORY / "docs" / name for name in wanted)]
    committed = {path.relative_to(REPOSITORY / "docs").as_posix(): path.read_text("utf-8") for path in paths}
    assert committed == wanted, "run python -m torchconv_lint.docs"


def test_pages_of_rules_that_are_gone_are_removed(written: Path) -> None:
    assert {path.name for path in (written / "rules").iterdir()} == {"index.md", *(f"{code}.md" for code in CODES)}
    assert {path.name for path in written.iterdir()} == {"rules", "proof.md", "claims.md"}


@RULES
def test_a_page_has_its_sections(rule: Rule[Any]) -> None:
    text = page(rule)
    assert text.startswith(f"{rule.code}: ")
    assert 0 < len(summary(rule)) <= 100
    headings = re.findall(r"^#.*$", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    assert headings == list(SECTIONS)
    for heading, content in zip(headings, re.split(r"^## .*$", text, flags=re.MULTILINE)[1:], strict=True):
        assert content.strip(), f"{heading} is empty"


@RULES
def test_snippets_parse(rule: Rule[Any]) -> None:
    snippets = re.findall(r"^```python\n(.*?)^```", page(rule), re.MULTILINE | re.DOTALL)
    assert len(snippets) >= 2, "an example and what to use instead"
    for snippet in snippets:
        ast.parse(snippet)
