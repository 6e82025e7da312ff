"""`torchconv-lint verify`, end to end on small fixtures."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from torchconv_lint.verify import evidence, judge, session
from torchconv_lint.verify.command import command
from torchconv_lint.verify.machine import Machine
from torchconv_lint.verify.observation import Growth, Observation, Race, Wait
from torchconv_lint.verify.proof import NOTHING, Phenomenon, parse_proof

pytest.importorskip("torch")

FIXTURE = """# /// proof
# hazard: cuda, stand-in -> raises TypeError "device type tensor to numpy"
# hazard: cpu            -> nothing
# safe:   every device   -> nothing
# ///
import torch

device = "cuda" if torch.cuda.is_available() else "cpu"


def hazard_x():
    x = torch.ones(2, device=device)
    return x.numpy()  # CNV101: 12, "x"


def safe_x():
    x = torch.ones(2, device=device)
    return x.cpu().numpy()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cnv101").mkdir()
    (tmp_path / "cnv101" / "topic.py").write_text(FIXTURE)
    return tmp_path


def run(folder: Path, *options: str):
    return CliRunner().invoke(command, [str(folder), "-j", "2", *options])


def test_text(folder):
    result = run(folder, "--device", "cpu")
    assert result.exit_code == 0, result.output
    assert "1 hazards, 1 twins" in result.output


def test_json_over_all_devices(folder):
    result = run(folder, "--format", "json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.output)
    rows = {(row["function"], row["device"]): row for row in report["rows"]}
    assert rows["hazard_x", "cpu"]["status"] == "proven"
    assert "to numpy" in rows["hazard_x", "stand-in"]["observed"] or rows["hazard_x", "stand-in"]["status"] == "not run"
    assert report["failures"] == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("x.cpu().numpy()", "x.cpu()[5]", "cnv101/topic.py::safe_x on cpu: declared nothing, but raises IndexError"),
        ("# CNV101: 12", "# CNV101: 13", "missed alarm: 13:13 CNV101"),
        ("# hazard: cpu            -> nothing", '# hazard: cpu -> raises TypeError "x"', "but raises nothing"),
        ("# /// proof\n", "", "topic.py: no `# /// proof` block"),
    ],
)
def test_a_broken_fixture_is_named(folder, old, new, message):
    path = folder / "cnv101" / "topic.py"
    path.write_text(FIXTURE.replace(old, new))
    result = run(folder, "--device", "cpu")
    assert result.exit_code == 1
    assert message in result.output.replace("\n", " ").replace("  ", " ")


def test_no_fixtures_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(command, [])
    assert result.exit_code == 2
    assert "no folder ./fixtures" in result.output


def test_all_fixtures_means_all_rules(folder, monkeypatch):
    (folder / "fixtures").mkdir()
    (folder / "cnv101").rename(folder / "fixtures" / "cnv101")
    monkeypatch.chdir(folder)
    result = CliRunner().invoke(command, ["--device", "cpu"])
    assert result.exit_code == 1
    assert "CNV201: no executed proof" in result.output
    assert "CNV101: no executed proof" not in result.output
    assert "CNV707: no executed proof" not in result.output  # only CUDA can show it


def test_evidence_and_staleness(folder):
    """A GPU's evidence answers for CUDA where there is none, until the function changes."""
    gpu = Machine("2.13.0", "2.4.6", "3.11.7", "Linux x86_64", gpu="Some GPU", cuda="13.0")
    fixture = session.read_fixture(folder / "cnv101" / "topic.py")
    rows = session.rows_of([fixture], "cuda", gpu)
    seen = Observation("raised", "TypeError", "can't convert cuda:0 device type tensor to numpy", (13,))
    rows = [row.judged("", seen) for row in rows]
    path = evidence.record(folder / "evidence", "cuda", gpu, rows)
    assert path is not None
    assert "Some-GPU" in path.name
    report = json.loads(run(folder, "--device", "cuda", "--format", "json").output)
    cell = report["matrix"]["CNV101"]["cuda"]
    assert (cell["hazards_proven"], cell["twins_proven"], cell["not_run"]) == (1, 1, 0)
    assert "Some GPU" in cell["evidence"][0]
    topic = folder / "cnv101" / "topic.py"
    topic.write_text(
        FIXTURE.replace("x = torch.ones(2, device=device)\n    return x.cpu", "x = torch.ones(3)\n    return x.cpu")
    )
    report = json.loads(run(folder, "--device", "cuda", "--format", "json").output)
    reasons = {row["function"]: row["reason"] for row in report["rows"]}
    assert reasons["hazard_x"] == ""
    assert reasons["safe_x"].startswith("evidence is stale")


def test_without_evidence_cuda_is_not_green(folder):
    if session.this_machine().gpu:
        pytest.skip("there is a GPU here")
    result = run(folder, "--device", "cuda")
    assert "nothing was executed: not yet run on CUDA" in result.output
    assert "1 hazards" not in result.output
    assert result.exit_code == 1


def test_no_fixtures_are_no_proof(tmp_path):
    result = run(tmp_path, "--device", "cpu")
    assert "nothing was executed: there are no fixtures" in result.output
    assert result.exit_code == 1


def test_a_torch_without_the_standin_shows_what_is_refused(folder, monkeypatch):
    monkeypatch.setattr(session, "this_machine", lambda: Machine("1.13.0", "1.26.4", "3.11.7", "Linux"))
    (folder / "cnv401").mkdir()
    (folder / "cnv401" / "topic.py").write_text(
        "# /// proof\n# hazard: every device -> raises RuntimeError\n# safe: every device -> nothing\n# ///\n"
        "import torch\n\n\ndef hazard_y():\n    return torch.ones(2).item()  # CNV401: 12\n"
        "\n\ndef safe_y():\n    pass\n"
    )
    values = FIXTURE.replace("    return x.cpu().numpy()", "    return torch.ones(2).copy_(x)")
    (folder / "cnv101" / "values.py").write_text(values)
    result = run(folder, "--device", "stand-in", "--format", "json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.output)
    rows = {(row["fixture"], row["function"], row["device"]): row["status"] for row in report["rows"]}
    assert rows["cnv101/topic.py", "hazard_x", "stand-in"] == "not run"
    assert {key: status for key, status in rows.items() if key[2] == "meta"} == {
        ("cnv101/topic.py", "hazard_x", "meta"): "proven",
        ("cnv101/topic.py", "safe_x", "meta"): "proven",
        ("cnv101/values.py", "hazard_x", "meta"): "proven",
        ("cnv101/values.py", "safe_x", "meta"): "not reproduced",
    }
    assert "on meta: 1 functions: it asks for values" in run(folder, "--device", "stand-in").output


def test_record(folder):
    assert run(folder, "--device", "cpu", "--record").exit_code == 0
    (path,) = (folder / "evidence").glob("cpu_*.json")
    rows = json.loads(path.read_text())["rows"]
    assert rows["cnv101/topic.py::hazard_x"]["status"] == "proven"


def test_a_part_can_be_recorded_again(folder):
    """Of what was not run, what is known is kept; a new record of everything forgets what is gone."""
    (folder / "evidence").mkdir()
    for name in ("cnv201", "cnv202"):
        (folder / name).mkdir()
        (folder / name / "topic.py").write_text(FIXTURE.replace("  # CNV101: 12", "  # Not CNV101: 12"))
    run(folder, "--device", "cpu", "--record")
    (path,) = (folder / "evidence").glob("cpu_*.json")
    (folder / "cnv201" / "topic.py").write_text(FIXTURE.replace("torch.ones(2", "torch.zeros(2"))
    before = json.loads(path.read_text())["rows"]
    run(folder / "cnv201", "--device", "cpu", "--record")
    after = json.loads(path.read_text())["rows"]
    assert {key for key in before if before[key] != after[key]} == {key for key in before if key.startswith("cnv201/")}


@pytest.mark.parametrize(
    ("declared", "seen", "reason"),
    [
        ("loses the gradient", Observation("returned", value={"grad": True}), "the result still requires grad"),
        ("loses the gradient", Observation("returned", value={"grad": False}), ""),
        ("loses the gradient", Observation("returned", value=None), "returns no tensor"),
        ("waits for the device", Observation("returned"), "nothing waits for the device"),
        ("waits for the device", Observation("returned", waits=(Wait("copy", (9, 4)),)), ""),
        ("nothing", Observation("returned", warnings=(("UserWarning", "hm", 1),)), "warns UserWarning: hm"),
        ("nothing", Observation("returned", warnings=(("DeprecationWarning", "hm", 1),)), ""),
        ("nothing", Observation("died", "SIGSEGV"), "died: SIGSEGV"),
        (
            "waits for the device",
            Observation("returned", waits=(Wait("copy", (4,)),)),
            "waits for the device at line 4, not at the finding",
        ),
        ("waits once", Observation("returned", waits=(Wait("copy", (9,)), Wait("copy", ()))), "waits 2 times"),
        (
            "waits in every step",
            Observation("returned", waits=(Wait("copy", (9,)), Wait("copy", ()))),
            "waits only once",
        ),
        ("waits in every step", Observation("returned", waits=(Wait("copy", (9,)),) * 3), ""),
        (
            "keeps the graph",
            Observation("returned"),
            "the living graph does not grow from step to step (a loop needs three steps to show it)",
        ),
        ("keeps the graph", Observation("returned", growing=(Growth(9, 3, 1, 3),)), ""),
        (
            "keeps the graph",
            Observation("returned", growing=(Growth(4, 3, 1, 3),)),
            "keeps the graph, but not at the finding: it grows from 1 to 3 nodes at line 4",
        ),
        ("shows uninitialised memory", Observation("returned", unstable=True), ""),
        ("shows uninitialised memory", Observation("returned"), "the result does not depend on what fresh memory held"),
        ("races with safe_x", Observation("returned", race=Race(7, True)), ""),
        ("races with safe_x", Observation("returned", race=Race(200, False)), "not reproduced in 200 runs"),
        ("races with safe_x", Observation("returned"), "was not run repeatedly"),
        ("takes 3 times as long as safe_x", Observation("returned", ratio=3.5), ""),
        (
            "takes 3 times as long as safe_x",
            Observation("returned", ratio=2.5),
            "takes only 2.5 times as long as safe_x",
        ),
        ("takes 3 times as long as safe_x", Observation("returned"), "was not timed"),
        ("gives other shape than safe_z", Observation("returned", value={"shape": [1]}), ""),
        (
            "gives other shape than safe_z",
            Observation("returned", value={"shape": [2]}),
            "gives the same shape as safe_z",
        ),
        ("raises ValueError", Observation("raised", "TypeError", "no"), "raises TypeError: no"),
        (
            "raises ValueError",
            Observation("raised", "ValueError", "", (4,)),
            "raises at line 4, not where the finding points",
        ),
        ("warns UserWarning", Observation("returned"), "warns of nothing"),
        ("warns UserWarning", Observation("returned", warnings=(("UserWarning", "", 9),)), ""),
        ("changes afterwards", Observation("returned"), "what is kept stays as it was"),
        ("rewrites the caller's data", Observation("returned"), "no write reaches the caller's data"),
        ("gives other values than safe_x", Observation("returned", value=1), ""),
        ("gives other values than safe_x", Observation("returned", value=2), "gives the same values as safe_x"),
        (
            "gives other values than safe_y",
            Observation("returned", value=2),
            "safe_y did not return a value to compare with",
        ),
    ],
)
def test_verdicts(declared, seen, reason):
    twins = {"safe_x": Observation("returned", value=2), "safe_z": Observation("returned", value={"shape": [2]})}
    words = frozenset({NOTHING})
    assert judge.verdict(Phenomenon.parse(declared), seen, frozenset({9}), words, twins.get) == reason


def test_warnings_about_interfaces_count_where_a_file_is_about_them():
    block = '# /// proof\n# hazard: cpu -> warns DeprecationWarning "hm"\n# safe: cpu -> nothing\n# ///\n'
    proof = parse_proof(block)
    seen = Observation("returned", warnings=(("DeprecationWarning", "hm", 9),))
    verdicts = [
        judge.verdict(proof.of(function, "cpu"), seen, frozenset({9}), proof.words(), {}.get)
        for function in ("hazard_x", "safe_x")
    ]
    assert verdicts == ["", "warns DeprecationWarning: hm"]


@pytest.mark.parametrize(
    ("speaks_of", "seen", "reason"),
    [
        ("waits in every step", Observation("returned", waits=(Wait("copy", (4,)),)), "waits for the device: copy"),
        (
            "keeps the graph",
            Observation("returned", growing=(Growth(4, 3, 1, 3),)),
            "keeps the graph: it grows from 1 to 3 nodes at line 4",
        ),
        ("shows uninitialised memory", Observation("returned", unstable=True), "shows what fresh memory held"),
        ("races with", Observation("returned", race=Race(3, True)), "gives another value in run 3"),
        ("races with", Observation("returned", race=Race(3, False)), ""),
    ],
)
def test_what_a_twin_must_not_show(speaks_of, seen, reason):
    assert judge.verdict(Phenomenon(NOTHING), seen, frozenset(), frozenset({speaks_of}), {}.get) == reason
