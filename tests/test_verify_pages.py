"""Pages made from evidence: what was seen and where, what is different, what is stale. No torch needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from torchconv_lint import docs
from torchconv_lint.rules import all_rules
from torchconv_lint.verify import evidence
from torchconv_lint.verify.fixture import Fixture, read_fixture
from torchconv_lint.verify.machine import Machine
from torchconv_lint.verify.observation import Observation
from torchconv_lint.verify.pages import claims_page, proof_page
from torchconv_lint.verify.recorded import place, stale
from torchconv_lint.verify.rows import Row
from torchconv_lint.verify.seen import seen

HAZARD = """# /// proof
# hazard: cpu -> warns UserWarning "to a scalar"
# safe:   every device -> nothing
# ///
import torch


def hazard_a():
    return float(torch.ones(1, requires_grad=True))


def safe_a():
    return float(torch.ones(1))
"""
CLAIM = """# /// claim
# id: C90
# says: `float(t)` warns.
# verdict: true
# because: It loses the gradient.
# rules: CNV403
# ///
# /// proof
# holds: cpu -> warns UserWarning "to a scalar"
# ///
import torch


def holds_a():
    return float(torch.ones(1, requires_grad=True))
"""
NEW = Machine("2.13.0", "2.4.6", "3.11.7", "Linux x86_64")
OLD = Machine("1.13.0", "1.26.4", "3.11.7", "Linux x86_64")
WARNED = Observation("returned", warnings=(("UserWarning", "a tensor | to a scalar", 9),))
(RULE,) = (rule for rule in all_rules() if rule.code == "CNV403")


def fixtures(folder: Path) -> tuple[Fixture, Fixture]:
    return read_fixture(folder / "cnv403" / "topic.py"), read_fixture(folder / "claims" / "c90.py")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Fixtures, and evidence of them: an old torch does not warn."""
    for name, text in {"cnv403/topic.py": HAZARD, "claims/c90.py": CLAIM}.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    for machine, observation, reason in ((OLD, Observation("returned"), "warns of nothing"), (NEW, WARNED, "")):
        rows = []
        for fixture in fixtures(tmp_path):
            for function in fixture.functions:
                row = Row(fixture, function, "cpu", fixture.proof.of(function.name, "cpu"))
                quiet = function.kind == "safe"
                rows.append(row.judged("" if quiet else reason, Observation("returned") if quiet else observation))
        evidence.record(tmp_path / "evidence", "cpu", machine, rows)
    return tmp_path


def test_what_a_rule_showed_and_where(folder: Path) -> None:
    section = seen(RULE, fixtures(folder), evidence.load(folder / "evidence"))
    assert "| CPU, torch 2.13.0, NumPy 2.4.6 | 1 of 1 | – | 1 of 1 |" in section
    assert "| CPU, torch 1.13.0, NumPy 1.26.4 | 0 of 1 | – | 1 of 1 |" in section
    assert "not yet run on CUDA" in section
    assert "- CPU, torch 2.13.0, NumPy 2.4.6, `hazard_a` (cnv403/topic.py): `returned; UserWarning: a tensor" in section
    different = section.partition("Different on CPU, torch 1.13.0")[2]
    assert 'declared `warns UserWarning "to a scalar"`, but `warns of nothing`' in different


def test_the_newest_torch_comes_first(folder: Path) -> None:
    places = [place(one) for one in evidence.load(folder / "evidence")]
    assert places == ["CPU, torch 2.13.0, NumPy 2.4.6", "CPU, torch 1.13.0, NumPy 1.26.4"]


def test_the_matrix(folder: Path) -> None:
    page = proof_page([RULE], fixtures(folder), evidence.load(folder / "evidence"))
    cells = "1 hazards, 1 twins | 0 hazards, 1 twins; 1 different | not yet run on CUDA"
    assert f"| [CNV403](rules/CNV403.md) | {cells} |" in page
    assert "## Different on CPU, torch 1.13.0, NumPy 1.26.4" in page
    assert "## Different on CPU, torch 2.13.0" not in page


def test_evidence_of_cuda_is_shown_as_such(folder: Path) -> None:
    gpu = Machine("2.13.0", "2.4.6", "3.11.7", "Linux x86_64", gpu="Some GPU", cuda="13.0")
    (fixture, _) = fixtures(folder)
    (row,) = (Row(fixture, one, "cuda", fixture.proof.of(one.name, "cuda")) for one in fixture.functions[1:])
    evidence.record(folder / "evidence", "cuda", gpu, [row.judged("", Observation("returned"))])
    evidences = evidence.load(folder / "evidence")
    assert "| Some GPU, torch 2.13.0, NumPy 2.4.6 |" in proof_page([RULE], fixtures(folder), evidences)
    assert "not yet run on CUDA" not in proof_page([RULE], fixtures(folder), evidences)
    assert "| Some GPU, torch 2.13.0, NumPy 2.4.6 | – | – | 1 of 1 |" in seen(RULE, fixtures(folder), evidences)


def test_a_claim_with_what_its_cases_showed(folder: Path) -> None:
    page = claims_page(fixtures(folder), evidence.load(folder / "evidence"))
    assert "| [C90](#c90) | `float(t)` warns. | true |" in page
    assert "**true**: It loses the gradient." in page
    assert "a tensor ¦ to a scalar`. Seen on CPU, torch 2.13.0, NumPy 2.4.6\n" in page
    assert '`warns of nothing` (declared: `warns UserWarning "to a scalar"`). Seen on CPU, torch 1.13.0' in page
    assert "Rests on it: [CNV403](rules/CNV403.md)" in page


def test_a_changed_function_makes_its_evidence_stale(folder: Path) -> None:
    for name in ("cnv403/topic.py", "claims/c90.py"):
        path = folder / name
        path.write_text(path.read_text().replace("ones(1, requires_grad", "zeros(1, requires_grad"))
    evidences, changed = evidence.load(folder / "evidence"), fixtures(folder)
    assert set(stale(evidences, changed).values()) == {2}
    assert "1 changed since: stale" in seen(RULE, changed, evidences)
    assert "0 hazards, 1 twins; 1 stale" in proof_page([RULE], changed, evidences)
    assert "`float(t)` warns. | not judged: the evidence is stale or missing |" in claims_page(changed, evidences)


def test_a_function_without_evidence_says_so(folder: Path) -> None:
    path = folder / "cnv403" / "topic.py"
    path.write_text(path.read_text() + "\n\ndef safe_b():\n    return 1.0\n")
    evidences, changed = evidence.load(folder / "evidence"), fixtures(folder)
    assert "| 1 of 1 | – | 1 of 2 | 1 not run |" in seen(RULE, changed, evidences)
    assert proof_page([RULE], changed, []).count("| not yet run on CUDA |") == 1
    assert stale(evidences, changed) == {}


def test_a_changed_fixture_changes_the_pages(folder: Path) -> None:
    """This is what makes a page that was not generated again fail."""
    before = docs.pages(folder)
    path = folder / "cnv403" / "topic.py"
    path.write_text(path.read_text().replace("ones(1, requires_grad", "zeros(1, requires_grad"))
    after = docs.pages(folder)
    assert {name for name in before if before[name] != after[name]} == {"rules/CNV403.md", "proof.md"}


def test_a_page_tells_how_many_hazards_its_fixes_cure(folder: Path) -> None:
    path = folder / "cnv403" / "topic.py"
    evidences = evidence.load(folder / "evidence")
    assert "1 hazard is free of findings, 1 of them by safe fixes alone." in seen(RULE, fixtures(folder), evidences)
    path.write_text(path.read_text().replace("torch.ones(1, requires_grad=True)", "1"))
    assert "free of findings" not in seen(RULE, fixtures(folder), evidences)
