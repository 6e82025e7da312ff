"""What becomes of an observation: the verdict, its row in the report, and the matrix (no torch needed)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from torchconv_lint.verify import machine
from torchconv_lint.verify.engine import Order
from torchconv_lint.verify.fixture import Fixture, read_fixture
from torchconv_lint.verify.judge import verdict
from torchconv_lint.verify.matrix import show
from torchconv_lint.verify.observation import Observation, Wait, Write
from torchconv_lint.verify.proof import Phenomenon
from torchconv_lint.verify.prove import prove, rows_of
from torchconv_lint.verify.result import Result
from torchconv_lint.verify.rows import Row, observed

ALL = frozenset({"writes through", "rewrites the caller's data", "waits for the device"})
TOGETHER = Write(3, ("a", "t"), (), together=True, silent=True)
SCALAR = ("UserWarning", "Converting a tensor with requires_grad=True to a scalar may lead to unexpected behavior.", 3)
OUTER = Write(4, (), ("images",), together=False, silent=False)


def judged(
    declared: str, seen: Observation, marked: frozenset[int] = frozenset(), twin: Observation | None = None
) -> str:
    return verdict(Phenomenon.parse(declared), seen, marked, ALL, lambda name: twin)


@pytest.mark.parametrize(
    ("declared", "seen", "says"),
    [
        ("nothing", Observation("returned"), ""),
        ("nothing", Observation("died", text="signal 6"), "died:  signal 6"),
        ("nothing", Observation("raised", "TypeError", "no"), "raises TypeError: no"),
        ("nothing", Observation("returned", warnings=(("UserWarning", "careful", 1),)), "warns UserWarning: careful"),
        ("nothing", Observation("returned", warnings=(("FutureWarning", "later", 1),)), ""),
        ("nothing", Observation("returned", writes=(TOGETHER,)), "line 3 writes through: a, t"),
        ("nothing", Observation("returned", writes=(OUTER,)), "line 4 rewrites the caller's images"),
        ("nothing", Observation("returned", waits=(Wait("item", ()),)), "waits for the device: item"),
        ("waits for the device", Observation("returned"), "nothing waits for the device"),
        ("writes through", Observation("returned", writes=(OUTER,)), "no write reaches another name"),
        ("writes through", Observation("returned", writes=(TOGETHER,)), ""),
        (
            "rewrites the caller's data",
            Observation("returned", writes=(TOGETHER,)),
            "no write reaches the caller's data",
        ),
        ("rewrites the caller's data", Observation("returned", writes=(OUTER,)), ""),
        ("raises TypeError", Observation("returned"), "raises nothing"),
        ("warns UserWarning", Observation("returned"), "warns of nothing"),
        ("loses the gradient", Observation("returned", value=3), "returns no tensor"),
        ("loses the gradient", Observation("returned", value={"grad": True}), "the result still requires grad"),
        ("loses the gradient", Observation("returned", value={"grad": False}), ""),
        ("loses the gradient", Observation("returned", value={"grad": False}, warnings=(SCALAR,)), ""),
        ("nothing", Observation("returned", warnings=(SCALAR,)), f"warns UserWarning: {SCALAR[1]}"),
    ],
)
def test_verdict(declared: str, seen: Observation, says: str) -> None:
    assert judged(declared, seen) == says


def test_the_finding_must_point_where_it_happens() -> None:
    elsewhere = frozenset({9})
    assert judged("writes through", Observation("returned", writes=(TOGETHER,)), elsewhere).endswith(
        "not at the finding"
    )
    assert judged("rewrites the caller's data", Observation("returned", writes=(OUTER,)), elsewhere).endswith("finding")
    raised = Observation("raised", "TypeError", "no", lines=(2,))
    assert "raises at line 2" in judged("raises TypeError", raised, elsewhere)
    warned = Observation("returned", warnings=(("UserWarning", "w", 2),))
    assert "warns at line 2" in judged("warns UserWarning", warned, elsewhere)
    assert judged("changes afterwards", Observation("returned", drifted=(9,)), elsewhere) == ""
    assert judged("changes afterwards", Observation("returned"), elsewhere) == "what is kept stays as it was"


def test_results_are_compared_with_the_twin() -> None:
    mine = Observation("returned", value={"dtype": "float64", "values": [1]})
    same = Observation("returned", value={"dtype": "float64", "values": [2]})
    assert judged("gives other values than safe_x", mine, twin=same) == ""
    assert judged("gives other dtype than safe_x", mine, twin=same) == "gives the same dtype as safe_x"
    assert "did not return" in judged("gives other dtype than safe_x", mine, twin=Observation("raised", "TypeError"))


def test_what_was_observed_in_one_line() -> None:
    seen = Observation("returned", writes=(TOGETHER,), drifted=(5,), waits=(Wait("item", (3,)), Wait("cpu", ())))
    assert observed(seen) == (
        "returned; line 3 changes a, t, autograd's version counter unmoved; what line 5 kept changes afterwards; "
        "waits 2 times (item)"
    )
    assert observed(Observation("returned", writes=(OUTER,))) == "returned; line 4 changes the caller's images"


PROGRAM = """# /// proof
# hazard: cpu  -> raises RuntimeError
# hazard: cuda -> raises RuntimeError
# safe:   cpu  -> nothing
# ///
import torch


def hazard_x():
    return torch.ones(2, requires_grad=True).numpy()  # CNV102: 12


def safe_x():
    return torch.ones(2).numpy()
"""


@pytest.fixture
def fixture(tmp_path: Path) -> Fixture:
    path = tmp_path / "cnv102" / "topic.py"
    path.parent.mkdir()
    path.write_text(PROGRAM)
    return read_fixture(path)


HERE = machine.Machine("2.8.0", "2.0.0", "3.11", "Linux")


def test_why_something_cannot_be_run(fixture: Fixture, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {row.reason for row in rows_of([fixture], "cuda", HERE)} == {"no CUDA device here"}
    assert {row.reason for row in rows_of([fixture], "stand-in", HERE)} == {
        "the stand-in needs torch 2.9 or later (here: 2.8.0)"
    }
    assert "pip install" in machine.Machine("", "", "3.11", "Linux").lacks("cpu")
    assert machine.version_of("surely-not-installed") == ""
    monkeypatch.setattr(machine, "version_of", lambda name: "")
    assert machine.this_machine().torch == ""


def test_what_takes_long_to_load_is_ordered_apart(fixture: Fixture) -> None:
    """Once each, and every observation finds its way back to its row."""
    heavy = replace(fixture, path=Path("heavy/x.py"), text=fixture.text + "# torch.compile\n")
    orders: list[Order] = []

    def execute(order: Order) -> Iterator[tuple[int, Observation]]:
        orders.append(order)
        yield from ((index, Observation("returned", value=job["path"])) for index, job in enumerate(order.jobs))

    done = prove(rows_of([heavy, fixture], "cpu", HERE), 2, 60, execute=execute)
    assert [(order.preload, len(order.jobs)) for order in orders] == [((), 2), (("torch.compile",), 2)]
    assert [row.observation and row.observation.value for row in done] == [
        str(row.fixture.path.resolve()) for row in done
    ]
    assert prove([], 2, 60, execute=execute) == []
    assert len(orders) == 2


def shown(rows: list[Row], registered: tuple[str, ...] = ()) -> str:
    stream = io.StringIO()
    show(Result(tuple(rows), {}, registered=registered), ("cpu", "stand-in"), Console(file=stream, width=200))
    return stream.getvalue()


def test_matrix_tells_what_is_missing(fixture: Fixture) -> None:
    hazard, safe = rows_of([fixture], "cpu", HERE)
    recorded = Row(hazard.fixture, hazard.function, "cpu", hazard.declared, "proven", source="an old machine")
    text = shown([recorded, Row(safe.fixture, safe.function, "cpu", safe.declared, reason="too tired")], ("CNV999",))
    assert "1 hazards, 0 twins, 1 not run, (recorded)" in text
    assert "recorded: an old machine" in text
    assert "not proven on cpu: 1 functions: too tired" in text
    assert "CNV999: no executed proof" in text
    assert "it proves nothing about CUDA itself" in text


def test_claims_are_judged_when_every_case_is_proven(tmp_path: Path) -> None:
    path = tmp_path / "c98.py"
    path.write_text(
        "# /// claim\n# id: C98\n# says: x\n# verdict: depends\n# ///\n# /// proof\n# holds: cpu -> nothing\n"
        "# fails: stand-in -> nothing\n# ///\ndef holds_x(): pass\ndef fails_x(): pass\n"
    )
    here, there = (row for device in ("cpu", "stand-in") for row in rows_of([read_fixture(path)], device, HERE))
    good, bad = Observation("returned"), Observation("raised", "OSError")
    assert (here.device, there.device) == ("cpu", "stand-in")
    for rows, verdict_ in (
        ((here.judged("", good), there), "not judged"),
        ((here.judged("", good), there.judged("", good)), "depends"),
        ((here.judged("no", bad), there.judged("", good)), "wrong"),
    ):
        result = Result(rows, {})
        assert {key: judged_ for key, (_, judged_) in result.claims().items()} == {"C98": verdict_}
        assert result.matrix() == {}
    assert "claims: 1 wrong" in shown(list(rows))
