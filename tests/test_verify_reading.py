"""Reading fixtures: proof blocks, expectations, fingerprints, edits. No torch needed."""

import ast
from pathlib import Path

import pytest

from torchconv_lint.fixing.edits import apply_edits
from torchconv_lint.model import Confidence, Edit, Finding, Span
from torchconv_lint.verify.expectations import Expectation, disagreements, parse_expectations
from torchconv_lint.verify.fingerprint import fingerprint
from torchconv_lint.verify.fixture import find_fixtures, read_fixture
from torchconv_lint.verify.proof import Phenomenon, ProofError, parse_proof

BLOCK = """# /// proof
# needs:  matplotlib, an accelerator
# hazard: cuda, stand-in -> raises TypeError "to numpy"
# hazard: cpu            -> nothing
# safe:   every device   -> nothing
# safe_odd: cpu          -> shares on purpose
# ///
"""


def test_block():
    proof = parse_proof(BLOCK)
    assert proof.libraries == ("matplotlib",)
    assert proof.of("hazard_x", "cuda") == Phenomenon("raises", "TypeError", "to numpy")
    assert str(proof.of("hazard_x", "stand-in")) == 'raises TypeError "to numpy"'
    assert proof.of("safe_odd", "cpu") == Phenomenon("shares on purpose")
    assert proof.of("safe_odd", "cuda") == Phenomenon("nothing")
    assert proof.of("other", "cuda") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import torch\n", "no `# /// proof` block"),
        ("# /// proof\n# hazard: cpu -> explodes\n# ///\n", "unknown phenomenon 'explodes'"),
        ("# /// proof\n# hazard: tpu -> nothing\n# ///\n", "unknown device 'tpu'"),
        ("# /// proof\n# hazard: cpu\n# ///\n", "no `->`"),
        ("# /// proof\n# hazard\n# ///\n", "not `who: where -> what`"),
    ],
)
def test_block_that_is_not_understood(text, message):
    with pytest.raises(ProofError, match=message):
        parse_proof(text)


@pytest.mark.parametrize(
    "text",
    [
        "nothing",
        'warns UserWarning "x"',
        "gives other dtype than safe_x",
        "raises OSError",
        "waits in every step",
        "keeps the graph on purpose",
        "shows uninitialised memory",
        "races with safe_x",
        "takes 2.5 times as long as safe_x",
    ],
)
def test_phenomenon_is_written_as_it_is_read(text):
    assert str(Phenomenon.parse(text)) == text


def test_expectations():
    found = parse_expectations(
        'a  # CNV101: 5, "x", \'y["z"]\'; CNV102: 7\nb  # CNV is our prefix\nc = "# CNV101: 1"\n'
    )
    assert found == (Expectation(1, 5, "CNV101", ("x", 'y["z"]')), Expectation(1, 7, "CNV102"))


@pytest.mark.parametrize("comment", ["# CNV101", "# CNV101: x", "# CNV101: 5, x", '# CNV101: 5 "x"'])
def test_almost_an_expectation(comment):
    with pytest.raises(ProofError, match="not an expectation"):
        parse_expectations(f"x = 1  {comment}\n")


def finding(line: int, column: int, code: str, message: str) -> Finding:
    return Finding(code, "name", message, "f.py", Span(line, column, line, column + 1), Confidence.CERTAIN)


def test_disagreements():
    expected = (Expectation(1, 5, "CNV101", ("x",)), Expectation(2, 1, "CNV102"))
    found = (finding(1, 5, "CNV101", "`x` may be"), finding(3, 1, "CNV201", "written"))
    assert disagreements(expected, found) == ("missed alarm: 2:1 CNV102", "false alarm: 3:1 CNV201 written")
    assert disagreements(expected[:1], found[:1]) == ()
    assert disagreements(expected[:1], (finding(1, 5, "CNV101", "`y`"),))


PROGRAM = """import torch

device = "cpu"
other = 1


def helper(x):
    return x  # a note


def hazard_a():
    return helper(torch.ones(1, device=device))
"""


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("  # a note", "  # another note", True),
        ("\n\n\ndef helper", "\n\ndef helper", True),
        ("other = 1", "other = 2", True),
        ("return x", "return x + 1", False),
        ('device = "cpu"', 'device = "cuda"', False),
        ("import torch", "import torch as th", False),
        ("torch.ones", "torch.zeros", False),
        ("other = 1", "device += '0'", False),
    ],
)
def test_fingerprint_follows_what_the_function_uses(old, new, same):
    changed = PROGRAM.replace(old, new)
    assert changed != PROGRAM
    before = fingerprint(ast.parse(PROGRAM), "hazard_a")
    assert (fingerprint(ast.parse(changed), "hazard_a") == before) is same


def test_fingerprints_are_the_same_under_every_python():
    """Versions differ in the tokens of an f-string, and in the syntax tree of this one (3.12: an empty part)."""
    tree = ast.parse('def f(d, w, *, k=""):\n    """About it."""\n    return f"a{d!r:>{w}}b" "c" f"{d[0]=}"\n')
    assert fingerprint(tree, "f") == "f5cfc79a42e25652"


def test_edits():
    text = "a = x.numpy()\r\nb\n"
    insert = Edit(Span(1, 6, 1, 6), ".cpu()")
    assert apply_edits(text, [Edit(Span(2, 1, 2, 2), "c"), insert]) == "a = x.cpu().numpy()\r\nc\n"
    with pytest.raises(ValueError, match="overlapping"):
        apply_edits(text, [Edit(Span(1, 1, 1, 6), "y"), Edit(Span(1, 3, 1, 4), "z")])


def test_files_that_are_no_fixtures(tmp_path: Path):
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "x.py").write_text("")
    odd = tmp_path / "odd.py"
    odd.write_text(BLOCK + "def other(): pass\n")
    assert find_fixtures([tmp_path]) == [odd]
    with pytest.raises(ProofError, match="no function named hazard_"):
        read_fixture(odd)
    odd.write_text(BLOCK + "def hazard_x(): pass\n")
    with pytest.raises(ProofError, match="speaks of 'safe_odd'"):
        read_fixture(odd)
    odd.write_text("def safe_odd(): pass\n" * 2 + BLOCK)
    with pytest.raises(ProofError, match="two functions are called 'safe_odd'"):
        read_fixture(odd)
    odd.write_text("def hazard_x(:\n")
    with pytest.raises(ProofError, match="syntax error in line 1"):
        read_fixture(odd)


def test_whose_proof_it_is(tmp_path):
    """The folder tells the rule; elsewhere the one code that is expected, which may be of an opt-in rule."""
    block = "# /// proof\n# hazard: cpu -> nothing\n# ///\n"
    program = "import torch\n\n\ndef hazard_x():\n    if torch.ones(1).cuda() > 0:{}\n        return 1\n"
    path = tmp_path / "mine.py"
    path.write_text(block + program.format('  # CNV607: 8, "torch.ones(1).cuda() > 0"'))
    assert (read_fixture(path).rule, read_fixture(path).lint()) == ("CNV607", ())
    path.write_text(block + program.format("  # CNV607: 8; CNV101: 8"))
    assert read_fixture(path).rule == ""
    (tmp_path / "cnv101").mkdir()
    assert read_fixture(path.rename(tmp_path / "cnv101" / "mine.py")).rule == "CNV101"


CLAIM = """# /// claim
# id: C99
# says: All is well.
# verdict: true
# rules: CNV101, CNV102
# ///
# /// proof
# holds: cpu -> nothing
# ///
def holds_here():
    pass
"""


def test_claim(tmp_path):
    path = tmp_path / "c99.py"
    path.write_text(CLAIM)
    fixture = read_fixture(path)
    assert fixture.claim is not None
    assert (fixture.claim.id, fixture.claim.says, fixture.claim.verdict) == ("C99", "All is well.", "true")
    assert fixture.claim.rules == ("CNV101", "CNV102")
    assert [function.kind for function in fixture.functions] == ["holds"]
    assert fixture.lint() == ()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("verdict: true", "verdict: refuted", "the verdict is 'refuted', but from its cases follows 'true'"),
        ("holds_here", "fails_here", "the verdict is 'true', but from its cases follows 'refuted'"),
        ("    pass", "    pass\ndef fails_there():\n    pass", "from its cases follows 'depends'"),
        ("# id: C99\n", "", "the claim has no id"),
        ("# id:", "# number:", "not one of id, says"),
        ("holds_here", "hazard_here", "no function named holds_… or fails_…"),
    ],
)
def test_claim_that_is_not_understood(tmp_path, old, new, message):
    path = tmp_path / "c99.py"
    path.write_text(CLAIM.replace(old, new))
    with pytest.raises(ProofError, match=message):
        read_fixture(path)
