"""The formats for other programs, by the name that users give. A format is a function from a run to text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.report.github import render_github
from torchconv_lint.report.gitlab import render_gitlab
from torchconv_lint.report.json_array import render_json
from torchconv_lint.report.junit import render_junit
from torchconv_lint.report.rows import by_rows
from torchconv_lint.report.sarif import render_sarif

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torchconv_lint.report.run import Run

FORMATS: Mapping[str, Callable[[Run], str]] = {
    "json": lambda run: render_json(run.findings()),
    "sarif": lambda run: render_sarif(by_rows(run)),
    "github": lambda run: render_github(by_rows(run)),
    "gitlab": lambda run: render_gitlab(by_rows(run)),
    "junit": lambda run: render_junit(by_rows(run)),
}
