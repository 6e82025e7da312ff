"""The plugin inside the real flake8."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import HAZARD, Run

from torchconv_lint.failure import describe_failure
from torchconv_lint.flake8_plugin import Plugin
from torchconv_lint.shell.check import Checker
from torchconv_lint.shell.selection import Selection

# A local flake8 plugin that adds a folder to the rules, as if its files lay there.
MORE_RULES = """
import torchconv_lint.rules

torchconv_lint.rules.__path__.append({folder!r})


class MoreRules:
    name = version = "1"

    def __init__(self, tree):
        pass

    def run(self):
        return iter(())
"""

RULE = '''"""{code}: a rule of the tests."""

from torchconv_lint.analysis.telling.events import ToNumpy
from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Rule, Verdict


class Extra(Rule):
    code = "{code}"
    name = "extra-{code}"
    hears = (ToNumpy,)
    default = {default}

    def judge(self, event):
        {body}
'''


def add_rule(tmp_path: Path, code: str, body: str, default: bool = True) -> str:
    """A configuration of flake8 under which the rule exists."""
    folder = tmp_path / "rules"
    folder.mkdir(exist_ok=True)
    (folder / f"extra_{code.lower()}.py").write_text(RULE.format(code=code, body=body, default=default))
    (tmp_path / "more_rules.py").write_text(MORE_RULES.format(folder=str(folder)))
    (tmp_path / "extra.cfg").write_text(
        "[flake8]\n[flake8:local-plugins]\nextension =\n  ZZ = more_rules:MoreRules\npaths = .\n"
    )
    return "extra.cfg"


def test_the_column_is_the_one_that_flake8_shows(flake8: Run, hazard: Path) -> None:
    result = flake8("hazard.py")
    assert result.returncode == 1
    assert result.stdout.startswith("hazard.py:6:12: CNV101 ")


def test_columns_count_code_points_and_lines_count_line_ends(flake8: Run, check: Run, tmp_path: Path) -> None:
    odd = HAZARD.replace("    return", "    '\u2028'; 'größe数'; \x0c return").replace("\n", "\r\n")
    (tmp_path / "odd.py").write_bytes(b"\xef\xbb\xbf" + odd.encode())
    column = odd.splitlines(keepends=True) and odd.split("\r\n")[5].index("x.numpy") + 1
    assert flake8(".").stdout.startswith(f"./odd.py:6:{column}: CNV101")
    assert check(".").stdout.startswith(f"odd.py:6:{column}: CNV101")


def test_noqa_and_per_file_ignores_are_flake8s(flake8: Run, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(HAZARD.replace("numpy()", "numpy()  # noqa: CNV101"))
    (tmp_path / "b.py").write_text(HAZARD)
    assert "a.py" not in flake8(".").stdout
    assert flake8(".", "--per-file-ignores", "b.py:CNV1").returncode == 0
    assert "a.py" in flake8(".", "--disable-noqa").stdout


def test_standard_input(flake8: Run, tmp_path: Path) -> None:
    result = flake8("-", "--stdin-display-name", "src/shown.py", input=HAZARD)
    assert result.stdout.startswith("src/shown.py:6:12: CNV101 ")


def test_options_reach_every_process(flake8: Run, tmp_path: Path) -> None:
    for number in range(6):
        (tmp_path / f"m{number}.py").write_text(HAZARD)
    assert flake8("-j", "3", ".").stdout.count("CNV101") == 6
    assert flake8("-j", "3", "--torchconv-assume-device", "cpu", ".").stdout == ""
    (tmp_path / ".flake8").write_text("[flake8]\ntorchconv_assume_device = cpu\n")
    assert flake8("-j", "3", ".").stdout == ""


def test_the_oldest_torch_that_counts(flake8: Run, tmp_path: Path) -> None:
    code = "import torch\n\nx = torch.ones(1, requires_grad=True)\nprint(float(x))\n"
    (tmp_path / "warns.py").write_text(code)
    asked = "--torchconv-opt-in=CNV403"
    assert "CNV403" in flake8(asked, ".").stdout
    assert "CNV403" in flake8(asked, "--torchconv-target-torch=2.8", ".").stdout
    assert flake8(asked, "--torchconv-target-torch=2.7", ".").stdout == ""


def test_the_oldest_numpy_that_counts(flake8: Run, tmp_path: Path) -> None:
    code = "import numpy as np\nimport torch\n\nprint(np.array(torch.ones(1), copy=False))\n"
    (tmp_path / "refused.py").write_text(code)
    assert "CNV115" in flake8(".").stdout
    assert "CNV115" in flake8("--torchconv-target-numpy=2.0", ".").stdout
    assert flake8("--torchconv-target-numpy=1.26", ".").stdout == ""


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--torchconv-confidence=sure", "unknown confidence 'sure' (choose from possible, likely, certain)"),
        ("--torchconv-assume-device=cuda", "unknown device 'cuda' (choose from cpu)"),
        ("--torchconv-target-torch=two", "'two' is not a release such as '2.1'"),
        ("--torchconv-target-numpy=two", "'two' is not a release such as '2.1'"),
        ("--torchconv-opt-in=E5", "'E5' is not the beginning of a CNV code, nor ALL"),
        ("--torchconv-config=none.toml", "none.toml: cannot be read"),
    ],
)
def test_a_bad_option_is_one_clear_message(flake8: Run, hazard: Path, option: str, message: str) -> None:
    result = flake8(option, ".")
    assert result.returncode == 1
    assert message in result.stdout
    assert "Traceback" not in result.stdout + result.stderr


def test_options_override_the_project(flake8: Run, hazard: Path, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.torchconv_lint]\nconfidence = 'certain'\nopt-in = ['ALL']\n")
    config = add_rule(tmp_path, "CNV998", "yield Verdict(event.site, 'possibly', Confidence.POSSIBLE)", default=False)
    assert "CNV998" not in flake8("--config", config, "hazard.py").stdout
    assert "CNV998" in flake8("--config", config, "--torchconv-confidence", "possible", "hazard.py").stdout
    options = ["--torchconv-confidence", "possible", "--torchconv-opt-in", "CNV1"]
    assert "CNV998" not in flake8("--config", config, *options, "hazard.py").stdout


def test_ignore_does_not_switch_opt_in_rules_on(flake8: Run, hazard: Path, tmp_path: Path) -> None:
    config = add_rule(tmp_path, "CNV998", "yield Verdict(event.site, 'seen', Confidence.CERTAIN)", default=False)
    for arguments in ([], ["--ignore", "E501"], ["--ignore="], ["--extend-select", "CNV998"]):
        result = flake8("--config", config, *arguments, "hazard.py")
        assert "CNV101" in result.stdout
        assert "CNV998" not in result.stdout
    for opt_in in ("CNV998", "CNV9", "ALL", "CNV1,CNV998"):
        assert "CNV998" in flake8("--config", config, "--torchconv-opt-in", opt_in, "hazard.py").stdout


def test_a_rule_that_crashes_is_one_diagnostic(flake8: Run, tmp_path: Path) -> None:
    (tmp_path / "hazard.py").write_text(HAZARD + HAZARD.replace("scores", "again"))
    config = add_rule(tmp_path, "CNV997", "raise KeyError('oops')")
    result = flake8("--config", config, "hazard.py")
    assert result.returncode == 1
    failures = [line for line in result.stdout.splitlines() if "CNV900" in line]
    assert len(failures) == 1
    assert "CNV997" in failures[0]
    assert "hazard.py" in failures[0].partition("CNV900")[2]
    assert result.stdout.count("CNV101") == 2
    assert "Traceback" not in result.stdout + result.stderr


def test_a_pipeline_that_fails_is_one_diagnostic() -> None:
    # Lines that are no strings stand for whatever nobody thought of.
    plugin = Plugin(tree=None, filename="odd.py", lines=[None])  # type: ignore[arg-type, list-item]
    ((line, column, message, kind),) = plugin.run()
    assert (line, column, kind) == (1, 0, Plugin)
    assert message.startswith("CNV900 odd.py: torchconv_lint failed on this file (TypeError: ")


class TooDeep:
    """Settings whose first use is the one call too many, whatever depth that is on this version of Python."""

    def __getattr__(self, name: str) -> object:
        raise RecursionError


def test_deep_nesting_is_one_diagnostic(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Plugin, "settings", TooDeep())
    ((_, _, message, _),) = Plugin(ast.parse(HAZARD), "deep.py", HAZARD.splitlines(keepends=True)).run()
    assert message == "CNV900 deep.py: is nested too deeply to be analysed"
    checked = Checker(TooDeep(), Selection()).check_bytes("deep.py", HAZARD.encode())  # type: ignore[arg-type]
    assert [problem.message for problem in checked.problems] == ["is nested too deeply to be analysed"]


def test_a_failure_is_described_in_one_line_whatever_it_holds() -> None:
    class Unspeakable:
        def __repr__(self) -> str:
            raise RecursionError

    assert "(KeyError: )" in describe_failure(KeyError(Unspeakable()))
    assert len(describe_failure(ValueError("x\n" * 10_000))) < 300
    assert "\n" not in describe_failure(ValueError("x\ny"))


HEAVY = (
    "libcst",
    "torch",
    "numpy",
    "click",
    "rich",
    "pathspec",
    "tomllib",
    "torchconv_lint.rules",
    "torchconv_lint.lint",
)


def test_what_is_imported() -> None:
    script = f"""
import sys, ast
before = set(sys.modules)
import torchconv_lint.flake8_plugin as plugin
new = {{name for name in set(sys.modules) - before if name.partition(".")[0] not in sys.stdlib_module_names}}
assert new == {{"torchconv_lint", "torchconv_lint.flake8_plugin", "torchconv_lint.mentions"}}, new
text = "import numpy as np\\nprint(np.ones(3).item())\\n"
assert list(plugin.Plugin(ast.parse(text), "a.py", text.splitlines(True)).run()) == []
loaded = [name for name in {HEAVY!r} if name in sys.modules]
assert not loaded, loaded
text = {HAZARD!r}
assert list(plugin.Plugin(ast.parse(text), "a.py", text.splitlines(True)).run()) != []
assert "torch" not in sys.modules
"""
    # Isolated from the tests' own coverage, which would import things first.
    subprocess.run([sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}\n{script}"], check=True)
