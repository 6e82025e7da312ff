"""What the README shows is what the tool says."""

from __future__ import annotations

import re

from conftest import REPOSITORY, run_module

README = (REPOSITORY / "README.md").read_text("utf-8")


def test_the_sample_finding_is_real() -> None:
    (sample,) = re.findall(r"<!-- sample -->\n```text\n(.*?)```\n<!-- /sample -->", README, re.DOTALL)
    result = run_module("torchconv_lint", "check", sample.partition(":")[0], cwd=REPOSITORY)
    assert sample in result.stdout


def test_its_two_commands_are_there_for_ci_to_run() -> None:
    assert re.search(r"^pip install \. && torchconv-lint check fixtures$", README, re.MULTILINE)
    assert re.search(
        r"^pip install .*\[test\].* && python -m pytest -n auto --dist loadfile --cov$", README, re.MULTILINE
    )
