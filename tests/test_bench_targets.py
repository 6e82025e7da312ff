"""What the speed bench makes of its measurements, and what the growth bench measures."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from bench import contenders, growth, shapes, speed, targets
from bench.contenders import Contender
from bench.cpu_time import Cost
from bench.growth import Growth

COSTS = {
    contenders.PLAIN: [Cost(10, 10, 1), Cost(12, 12, 1), Cost(100, 100, 1)],
    contenders.PLUGIN: [Cost(13, 13, 1)],
    contenders.PLUGIN_WARM: [Cost(12.6, 12, 1)],
    contenders.CHECK: [Cost(6, 6, 1)],
    contenders.CHECK_2: [Cost(7, 3, 1)],
    contenders.WARM: [Cost(0.3, 0.3, 1)],
    contenders.TORCHFIX: [Cost(32, 32, 1)],
    contenders.PREFLIGHT: [Cost(40, 40, 1)],
}


def test_ratios_are_of_medians() -> None:
    values = [target.judge(COSTS) for target in targets.WITH_TORCH]
    expected = [13 / 12, 1.05, 0.5, 0.05, 0.5, 1 / 20, 1 / 40]
    assert [round(one.value, 6) for one in values if one] == [round(value, 6) for value in expected]
    assert all(one is not None and one.met and not one.missed for one in values)


def test_what_was_not_measured_has_no_verdict() -> None:
    costs = {name: COSTS[name] for name in (contenders.PLAIN, contenders.PLUGIN)}
    assert [target.judge(costs) is not None for target in targets.WITH_TORCH] == [True, *[False] * 6]


@pytest.mark.parametrize(("seconds", "met", "missed"), [(12.5, True, False), (13.5, False, False), (14, False, True)])
def test_a_tenth_is_noise(seconds: float, met: bool, missed: bool) -> None:
    costs = {contenders.PLAIN: [Cost(10, 10, 1)], contenders.PLUGIN: [Cost(seconds, 1, 1)]}
    verdict = targets.WITH_TORCH[0].judge(costs)
    assert verdict is not None
    assert (verdict.met, verdict.missed) == (met, missed)


def corpus(*who: Contender) -> speed.Corpus:
    return speed.Corpus("c", targets.WITHOUT_TORCH, who, ["a.py"], 1)


def python(code: str) -> Contender:
    import sys

    return Contender(code, lambda files: [sys.executable, "-c", code, *files])


def test_a_contender_that_fails_is_out_and_the_others_are_measured(tmp_path: Path) -> None:
    measured = corpus(python("raise SystemExit(3)"), python("pass"))
    for backwards in (False, True):
        speed.run_round(measured, tmp_path, backwards=backwards)
    assert {name: len(costs) for name, costs in measured.costs.items()} == {"pass": 2}
    assert list(measured.failures) == ["raise SystemExit(3)"]
    assert measured.verdicts == [None]


def test_what_comes_before_is_run_and_not_measured(tmp_path: Path) -> None:
    import sys

    def command(code: str) -> list[str]:
        return [sys.executable, "-c", code]

    made = "open('made', 'w')"
    late = Contender("late", lambda files: command("open('made')"), before=lambda files: command(made))
    assert late.run(["a.py"], tmp_path).user >= 0
    assert (tmp_path / "made").exists()


@pytest.mark.parametrize("name", shapes.SHAPES)
def test_shapes_are_python_that_converts(name: str) -> None:
    text = shapes.SHAPES[name]()
    ast.parse(text)
    assert ".cpu().numpy()" in text


@pytest.mark.parametrize("lines", [1_000, 5_000])
def test_ordinary_files_have_as_many_lines_as_asked_for(lines: int) -> None:
    text = shapes.ordinary(lines)
    ast.parse(text)
    assert abs(text.count("\n") - lines) < 60


def test_a_file_is_measured_in_a_process_of_its_own() -> None:
    one = growth.measure(shapes.chain(3), rounds=1)
    assert one is not None
    assert (one.lines, one.problems) == (shapes.chain(3).count("\n"), 0)
    assert one.seconds > 0


def test_a_hang_is_a_failure() -> None:
    assert growth.measure(shapes.chain(3), rounds=10**9, patience=2) is None
    assert growth._missed(None, Growth(10, 1, 1, 0, 0))


@pytest.mark.parametrize(
    ("one", "missed"),
    [
        (Growth(1000, 2.1, 10, 0, 0), False),
        (Growth(1000, 2.3, 10, 0, 0), True),
        (Growth(100, 0.1, 1200, 0, 0), True),
        (Growth(100, 0.1, 10, 1, 0), False),
        (Growth(100, 0.1, 10, 2, 0), True),
    ],
)
def test_what_grows_too_fast_is_missed(one: Growth, missed: bool) -> None:
    assert growth._missed(one, Growth(1000, 1, 10, 0, 0)) is missed
