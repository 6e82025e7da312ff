"""`[tool.torchconv_lint]`: found, read, and refused with a clear message, by the command line and by flake8."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import HAZARD, Run

from torchconv_lint.config import Config, ConfigError, find_config
from torchconv_lint.model import Confidence
from torchconv_lint.settings import Settings

EVERYTHING = """
[tool.torchconv_lint]
confidence = "possible"
opt-in = ["cnv6", "strict"]
assume-device = "cpu"
follow-imports = false
target-torch = "2.1.3"
target-numpy = "1.26"
select = ["CNV1", "ALL"]
extend-select = ["CNV4"]
ignore = ["CNV403"]
exclude = ["vendored/"]
"""


def test_every_key(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(EVERYTHING)
    assert find_config(tmp_path) == Config(
        settings=Settings(
            confidence=Confidence.POSSIBLE,
            opt_in=("CNV6", "STRICT"),
            assume_device="cpu",
            follow_imports=False,
            target_torch=(2, 1),
            target_numpy=(1, 26),
        ),
        select=("CNV1", "ALL"),
        extend_select=("CNV4",),
        ignore=("CNV403",),
        exclude=("vendored/",),
        root=tmp_path,
    )


def test_the_nearest_file_with_the_table_counts(tmp_path: Path) -> None:
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text(EVERYTHING)
    (tmp_path / "a" / "pyproject.toml").write_text("[project]\nname = 'a'\ndependencies = ['torchconv-lint']\n")
    (below / "pyproject.toml").write_text("not TOML, and none of our business")
    assert find_config(below).root == tmp_path
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.torchconv_lint]\n")
    assert find_config(below) == Config(root=tmp_path / "a")


def test_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("\ufeff[tool.torchconv_lint]\nconfidence = 'certain'\n", "utf-8")
    assert find_config(tmp_path).settings.confidence is Confidence.CERTAIN


BAD = {
    "confidance = 'likely'": "unknown key 'confidance' (did you mean 'confidence'?)",
    "zzz = 1": "unknown key 'zzz' (known are confidence, opt-in, ",
    "confidence = 'sure'": "confidence: unknown confidence 'sure' (choose from possible, likely, certain)",
    "confidence = 3": "confidence: must be a string, not 3",
    "opt-in = 'ALL'": "opt-in: must be a list of strings, not 'ALL'",
    "opt-in = [1]": "opt-in: must be a string, not 1",
    "select = ['E501']": "select: 'E501' is not the beginning of a CNV code, nor ALL",
    "follow-imports = 'no'": "follow-imports: must be true or false, not 'no'",
    "assume-device = 'cuda'": "assume-device: unknown device 'cuda' (choose from cpu)",
    "assume-device = []": "assume-device: unknown device [] (choose from cpu)",
    "target-torch = 'new'": "target-torch: 'new' is not a release such as '2.1'",
    "target-numpy = 'new'": "target-numpy: 'new' is not a release such as '2.1'",
    "target-torch = 2.1": "target-torch: must be a string, not 2.1",
    "exclude = {}": "exclude: must be a list of strings, not {}",
    "confidence =": "not valid TOML: ",
}


@pytest.mark.parametrize("line", BAD)
def test_a_bad_value_is_named_with_its_place(tmp_path: Path, line: str) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(f"[tool.torchconv_lint]\n{line}\n")
    with pytest.raises(ConfigError) as raised:
        find_config(tmp_path)
    assert str(raised.value).startswith(f"{path}: ")
    assert BAD[line] in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[tool]\ntorchconv_lint = 1\n", "tool.torchconv_lint must be a table"),
        ("[tool.torchconv-lint]\n", "[tool.torchconv-lint] is not read, the name is [tool.torchconv_lint]"),
        ("[tool.other]\n", "has no [tool.torchconv_lint]"),
    ],
)
def test_a_bad_file(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "my.toml").write_text(content)
    with pytest.raises(ConfigError, match=r"my\.toml: ") as raised:
        find_config(tmp_path, str(tmp_path / "my.toml"))
    assert message in str(raised.value)


def test_both_read_it(check: Run, flake8: Run, hazard: Path, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.torchconv_lint]\nassume-device = 'cpu'\n")
    assert (check(".").returncode, flake8(".").returncode) == (0, 0)
    (tmp_path / "other.toml").write_text("[tool.torchconv_lint]\n")
    assert check("--config", "other.toml", ".").returncode == 1
    assert flake8("--torchconv-config", "other.toml", ".").returncode == 1


def test_both_refuse_it_without_a_traceback(check: Run, flake8: Run, hazard: Path, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.torchconv_lint]\nwat = 1\n")
    ours = check(".")
    assert ours.returncode == 2
    assert "unknown key 'wat'" in ours.stderr
    theirs = flake8(".")
    assert theirs.returncode == 1
    assert "unknown key 'wat'" in theirs.stdout
    assert "Traceback" not in ours.stderr + theirs.stdout + theirs.stderr


def test_selecting_and_excluding_from_the_file(check: Run, tmp_path: Path) -> None:
    for name in ("a.py", "b.py", "vendored/c.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(HAZARD)
    (tmp_path / "pyproject.toml").write_text("[tool.torchconv_lint]\nexclude = ['/vendored']\nignore = ['CNV1']\n")
    assert check(".").returncode == 0
    result = check("--ignore", "CNV2", "--exclude", "b.py", ".")
    assert result.stdout.startswith("a.py:6:12: ")
    assert result.stderr == "1 finding in 1 of 1 file (1 fixable with --fix)\n"
