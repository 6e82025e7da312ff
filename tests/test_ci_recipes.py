"""The recipes for CI servers: valid for the server, and their commands do what the page says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from conftest import HAZARD, REPOSITORY
from doc_pages import blocks, run

PAGE = "ci.md"
RECIPES = {block.title: block.text for block in blocks(PAGE) if block.language == "yaml"}
GITHUB, GITLAB = "vendor.github-workflows", "vendor.gitlab-ci"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "hazard.py").write_text(HAZARD)
    return tmp_path


@pytest.mark.parametrize("title", RECIPES)
def test_a_recipe_is_valid_for_its_server(title: str, tmp_path: Path) -> None:
    (tmp_path / "recipe.yml").write_text(RECIPES[title])
    schema = GITLAB if title.startswith(".gitlab") else GITHUB
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, "recipe.yml"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


def commands(title: str) -> list[str]:
    """The shell commands of a recipe's only job, in their order."""
    recipe: dict[str, Any] = yaml.safe_load(RECIPES[title])
    if "jobs" not in recipe:
        return list(recipe["torchconv-lint"]["script"])
    (job,) = recipe["jobs"].values()
    return [step["run"] for step in job["steps"] if "run" in step]


def follow(title: str, checkout: Path, **environment: str) -> tuple[int, str]:
    """Run the commands until one fails, as a server does: its exit status, and what the last one showed."""
    for command in commands(title):
        result = run(command, checkout, **environment)
        if result.returncode != 0:
            break
    return result.returncode, result.stdout


def test_github_annotations(checkout: Path) -> None:
    title = ".github/workflows/torchconv-lint.yml"
    status, shown = follow(title, checkout, GITHUB_WORKSPACE=str(checkout.parent))
    assert status == 1
    assert f"::error file={checkout.name}/src/hazard.py,line=6," in shown
    (checkout / "src" / "hazard.py").write_text("")
    assert follow(title, checkout) == (0, "")


def test_github_code_scanning(checkout: Path) -> None:
    title = ".github/workflows/code-scanning.yml"
    status, _ = follow(title, checkout)
    assert status == 1
    (job,) = yaml.safe_load(RECIPES[title])["jobs"].values()
    upload = job["steps"][-1]
    assert upload["if"] == "success() || failure()"
    report = json.loads((checkout / upload["with"]["sarif_file"]).read_text())
    assert [result["ruleId"] for result in report["runs"][0]["results"]] == ["CNV101"]


def test_gitlab(checkout: Path) -> None:
    status, _ = follow(".gitlab-ci.yml", checkout)
    assert status == 1
    artifacts = yaml.safe_load(RECIPES[".gitlab-ci.yml"])["torchconv-lint"]["artifacts"]
    assert artifacts["when"] == "always"
    (issue,) = json.loads((checkout / artifacts["reports"]["codequality"]).read_text())
    assert issue["location"]["path"] == "src/hazard.py"
    assert ElementTree.parse(checkout / artifacts["reports"]["junit"]).getroot().get("failures") == "1"


def test_shards_on_github(checkout: Path) -> None:
    title = ".github/workflows/shards.yml"
    (job,) = yaml.safe_load(RECIPES[title])["jobs"].values()
    statuses, shown = [], ""
    for shard in job["strategy"]["matrix"]["shard"]:
        for command in commands(title):
            result = run(command.replace("${{ matrix.shard }}", shard), checkout)
        statuses.append(result.returncode)
        shown += result.stdout
    assert (sorted(statuses), shown.count("::error file=src/hazard.py")) == ([0, 0, 0, 1], 1)


def test_shards_on_gitlab(checkout: Path) -> None:
    title = ".gitlab-ci.yml (in shards)"
    total = yaml.safe_load(RECIPES[title])["torchconv-lint"]["parallel"]
    runs = [follow(title, checkout, CI_NODE_INDEX=str(n + 1), CI_NODE_TOTAL=str(total)) for n in range(total)]
    assert sorted(status for status, _ in runs) == [0, 0, 0, 1]
    assert sum(shown.count("CNV101") for _, shown in runs) == 1


def test_anywhere_else(checkout: Path) -> None:
    anywhere, flake8, baseline = (block.text for block in blocks(PAGE) if block.language == "sh")
    for recipe, status, shown in ((anywhere, 1, "1  CNV101  numpy"), (flake8, 1, "CNV101"), (baseline, 0, "1 known")):
        result = run(recipe, checkout)
        assert (result.returncode, shown in result.stdout) == (status, True), result.stdout


def test_exit_statuses_are_the_ones_of_the_page(checkout: Path) -> None:
    listed = re.findall(r"^\| (\d) \|", (REPOSITORY / "docs" / PAGE).read_text("utf-8"), re.MULTILINE)
    assert listed == ["0", "1", "2"]
    assert run("torchconv-lint check src/hazard.py", checkout).returncode == 1
    (checkout / "src" / "broken.py").write_text("x = = 1\n")
    assert run("torchconv-lint check", checkout).returncode == 2
    assert run("torchconv-lint check --wat", checkout).returncode == 2
    assert run("torchconv-lint check --assume-device cpu src/hazard.py", checkout).returncode == 0
