"""The rules' pages tell the truth: what they show as an example is found, and what they advise is not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from torchconv_lint.lint import lint_source
from torchconv_lint.model import Confidence
from torchconv_lint.rules import all_rules, page
from torchconv_lint.rules.base import Rule
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source
from torchconv_lint.verify.evidence import load
from torchconv_lint.verify.fixture import read_fixture
from torchconv_lint.verify.proof import ACCELERATOR, DEVICES, NOTHING
from torchconv_lint.verify.recorded import records
from torchconv_lint.verify.rows import FAILED

REPOSITORY = Path(__file__).parent.parent

RULES = pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)


def snippets(rule: Rule[Any], heading: str) -> list[str]:
    """The Python snippets in one section of the rule's page."""
    section = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", page(rule), re.MULTILINE | re.DOTALL)
    assert section is not None
    found = re.findall(r"^```python\n(.*?)^```", section[1], re.MULTILINE | re.DOTALL)
    assert found, f"no snippet under {heading}"
    return found


def codes(rule: Rule[Any], snippet: str) -> list[str]:
    """The codes that linting the snippet gives by default (an opt-in rule is switched on for it)."""
    outcome = lint_source(Source("snippet.py", snippet), Settings(opt_in=() if rule.default else (rule.code,)))
    assert outcome.problems == ()
    return [finding.code for finding in outcome.findings]


@RULES
def test_the_example_is_found(rule: Rule[Any]) -> None:
    for snippet in snippets(rule, "Example"):
        assert rule.code in codes(rule, snippet)


@RULES
def test_what_to_use_instead_is_not_found(rule: Rule[Any]) -> None:
    for snippet in snippets(rule, "Use instead"):
        assert rule.code not in codes(rule, snippet)


@RULES
def test_what_was_not_run_on_cuda_says_so(rule: Rule[Any]) -> None:
    proof = page(rule).partition("## Proof")[2].partition("## References")[0]
    assert re.search(r"torch \d+\.\d+\.\d+", proof), "the version it was run with"
    assert "CUDA" in proof


@RULES
def test_the_page_names_the_release_from_which_the_rule_speaks(rule: Rule[Any]) -> None:
    for library, since in (("torch", rule.since), ("NumPy", rule.since_numpy)):
        if since is not None:
            release = re.escape(".".join(map(str, since)))
            assert re.search(rf"{library} {release}\b|(from|before|since) {release}\b", page(rule), re.IGNORECASE)


@pytest.fixture(scope="module")
def unlike() -> set[str]:
    """The rules of which a program has shown something else on some version."""
    fixtures = [read_fixture(path) for path in sorted((REPOSITORY / "fixtures").glob("cnv*/*.py"))]
    evidences = load(REPOSITORY / "fixtures" / "evidence")
    found = (record for one in evidences if one.device == "cpu" for record in records(one, fixtures))
    return {record.fixture.rule for record in found if record.status == FAILED}


@RULES
def test_what_is_different_elsewhere_says_from_which_version(rule: Rule[Any], unlike: set[str]) -> None:
    if rule.code in unlike:
        assert "- versions: " in page(rule).partition("## Proof")[2].partition("## References")[0]


@RULES
def test_a_finding_is_as_sure_as_the_page_says(rule: Rule[Any]) -> None:
    """The highest confidence of which the page speaks is the highest that the rule's fixtures show."""
    told = page(rule).partition("Confidence:")[2].partition("\n\n")[0].lower()
    levels = ["certain"] if "as for what" in told else re.findall(r"\*(certain|likely|possible)\*", told)
    settings = Settings(confidence=Confidence.POSSIBLE, opt_in=(rule.code,))
    seen = [
        finding.confidence
        for path in sorted((REPOSITORY / "fixtures" / rule.code.lower()).glob("*.py"))
        for finding in lint_source(Source.from_bytes(path.name, path.read_bytes()), settings).findings
        if finding.code == rule.code
    ]
    assert max(seen) == max(Confidence[level.upper()] for level in levels)


@RULES
def test_a_rule_knows_where_its_hazards_happen(rule: Rule[Any]) -> None:
    shown = set()
    for fixture in map(read_fixture, sorted((REPOSITORY / "fixtures" / rule.code.lower()).glob("*.py"))):
        devices = [device for device in DEVICES if device != "cpu" or ACCELERATOR not in fixture.proof.needs]
        hazards = [function.name for function in fixture.functions if function.kind == "hazard"]
        declared = [(device, fixture.proof.of(name, device)) for device in devices for name in hazards]
        shown |= {device for device, what in declared if what is not None and what.word != NOTHING}
    assert rule.needs_accelerator == ("cpu" not in shown)
    assert rule.cuda_only == (shown == {"cuda"})


@RULES
def test_every_line_that_explains_a_finding_says_something(rule: Rule[Any]) -> None:
    settings = Settings(confidence=Confidence.POSSIBLE, opt_in=(rule.code,))
    for path in sorted((REPOSITORY / "fixtures" / rule.code.lower()).glob("*.py")):
        for finding in lint_source(Source.from_bytes(path.name, path.read_bytes()), settings).findings:
            assert all(step.message for step in finding.because)
            assert len(set(finding.because)) == len(finding.because)
