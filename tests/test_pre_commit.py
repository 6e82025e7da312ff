"""Our hooks, and our plugin in flake8's hook, under the real pre-commit.

pre-commit installs the hooks into environments of its own, for which pip needs a package index.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import HAZARD, REPOSITORY, notebook
from doc_pages import blocks

pytest.importorskip("pre_commit")

HOOKS = {hook["id"]: hook for hook in yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text("utf-8"))}
CONFIGS = [yaml.safe_load(block.text) for block in blocks("pre-commit.md") if block.title == ".pre-commit-config.yaml"]


def git(*arguments: str, cwd: Path) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    subprocess.run(["git", *identity, *arguments], cwd=cwd, check=True, capture_output=True)


def pre_commit(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        [sys.executable, "-m", "pre_commit", *arguments],
        cwd=cwd,
        # What the tests run with is not what the hooks are to run with.
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    if "No matching distribution found for setuptools" in result.stdout and not os.environ.get("CI"):
        pytest.skip("pip has no package index here")
    return result


def sources(tmp_path: Path) -> Path:
    """A copy of what is built: building leaves files behind, which the next build would take for ours."""
    copy = tmp_path / "sources"
    shutil.copytree(
        REPOSITORY / "torchconv_lint", copy / "torchconv_lint", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, copy)
    return copy


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tmp_path / "project"
    path.mkdir()
    (path / "hazard.py").write_text(HAZARD)
    (path / "hazard.ipynb").write_text(notebook(HAZARD))
    git("init", "-q", cwd=path)
    git("add", ".", cwd=path)
    return path


def test_the_hooks_of_this_repository(project: Path, tmp_path: Path) -> None:
    # Both in their order: the first reports, the second repairs.
    home = str(tmp_path / "home")
    result = pre_commit("try-repo", str(REPOSITORY), "--all-files", cwd=project, PRE_COMMIT_HOME=home)
    assert result.returncode == 1, result.stdout
    linting, fixing = result.stdout.partition("torchconv-lint --fix")[::2]
    assert "hazard.py:6:12: CNV101" in linting
    assert "because hazard.py:5:9" in linting
    assert "files were modified by this hook" in fixing
    assert "hazard.ipynb:cell 1:6:12: CNV101" in linting
    assert "0 findings in 0 of 2 files (2 fixed)" in fixing
    assert (project / "hazard.py").read_text() == HAZARD.replace("x.numpy()", "x.cpu().numpy()")


def test_flake8s_hook_with_our_plugin(project: Path, tmp_path: Path) -> None:
    # The repository of flake8 is out of reach: the same hook, from the package index.
    config = CONFIGS[1]
    (hook,) = config["repos"][0]["hooks"]
    assert hook == {"id": "flake8", "additional_dependencies": ["torchconv-lint"]}
    hook |= {"name": "flake8", "entry": "flake8", "language": "python", "types": ["python"]}
    hook["additional_dependencies"].append("flake8")
    config["repos"] = [{"repo": "local", "hooks": [hook]}]
    (project / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    wheels = tmp_path / "wheels"
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--wheel-dir",
        str(wheels),
        str(sources(tmp_path)),
    ]
    subprocess.run(build, check=True, capture_output=True)
    found = {"PIP_FIND_LINKS": f"{wheels} {os.environ.get('PIP_FIND_LINKS', '')}"}
    result = pre_commit("run", "--all-files", cwd=project, PRE_COMMIT_HOME=str(tmp_path / "home"), **found)
    assert result.returncode == 1, result.stdout
    assert "hazard.py:6:12: CNV101" in result.stdout


def test_the_page_names_every_hook_and_no_other() -> None:
    page = (REPOSITORY / "docs" / "pre-commit.md").read_text("utf-8")
    assert {line.split("`")[1] for line in page.splitlines() if line.startswith("| `")} == set(HOOKS)
    assert [hook["id"] for hook in CONFIGS[0]["repos"][0]["hooks"]] == ["torchconv-lint"]
