from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from bench import fuzz
from bench.respelling import Spelling, meaning, respelled
from bench.spoiling import excerpt, spoiled
from torchconv_lint.lint import lint_source
from torchconv_lint.model import Outcome, Problem
from torchconv_lint.parsing import parses

FIXTURES = Path(__file__).parent.parent / "fixtures"
HAZARD = next((FIXTURES / "cnv301").glob("*.py"))


def test_spoiled_code_is_other_code_that_parses() -> None:
    text = HAZARD.read_text()
    made = {spoiled(text, 3, Random(seed)) for seed in range(5)}
    assert len(made - {text}) > 1
    assert all(map(parses, made))
    assert spoiled(text, 3, Random(1)) == spoiled(text, 3, Random(1))
    assert not parses("def f(:")


def test_an_excerpt_keeps_the_imports_and_some_definitions() -> None:
    text = "import torch\n\n\n@torch.no_grad()\ndef f():\n    pass\n\n\ndef g():\n    pass\n"
    assert excerpt(text, 1, Random(0)).startswith("import torch\n")
    assert "@torch.no_grad()\ndef f" in excerpt(text, 99, Random(0))


@pytest.mark.parametrize("seed", range(4))
def test_another_spelling_means_the_same(seed: int) -> None:
    text = HAZARD.read_text()
    spelling = respelled(text, Random(seed))
    assert spelling.data != text.encode()
    assert meaning(spelling.text(spelling.data)) == meaning(text)
    assert spelling.keeps_lines(spelling.data)


def test_line_endings_are_told_apart() -> None:
    spelling = Spelling(b"a\r\nb\r\n", "utf-8", "\r\n")
    assert not spelling.keeps_lines(b"a\nb\r\n")
    assert not spelling.keeps_lines(b"a\r\nb")


def test_nothing_is_wrong_with_a_few_programs() -> None:
    counts: Counter[str] = Counter()
    assert list(fuzz.failures(fuzz.program([HAZARD], Random(0)), counts)) == []
    assert list(fuzz.differences(HAZARD, Random(0), counts)) == []
    assert counts["programs linted"] == counts["programs fixed in another spelling"] == 1
    assert counts["fixes in another spelling"] > 0


def test_what_is_wrong_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    text = HAZARD.read_text()
    monkeypatch.setattr(fuzz, "lint_source", lambda *_: Outcome(problems=(Problem("x.py", 1, 1, "given up"),)))
    assert ("given up", text) in list(fuzz.failures(text, Counter()))

    def crash(*_: object) -> Outcome:
        raise KeyError("x")

    monkeypatch.setattr(fuzz, "lint_source", crash)
    assert [what for what, _ in fuzz.failures(text, Counter())] == ["KeyError: 'x'"]
    findings = lint_source(fuzz.Source("x.py", text), fuzz.EVERYTHING)
    monkeypatch.setattr(fuzz, "lint_source", lambda *_: findings)
    assert ("the fixes do not settle", text) in list(fuzz.failures(text, Counter()))
    monkeypatch.setattr(fuzz, "meaning", lambda fixed: fixed)
    monkeypatch.setattr(fuzz, "COMMENT", "a comment that no program has")
    told = [what.rpartition(": ")[2] for what, _ in fuzz.differences(HAZARD, Random(0), Counter())]
    assert told == ["another program"]
