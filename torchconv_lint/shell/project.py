"""From a project's configuration to what checks its files, the same for every host that has no options of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from torchconv_lint.shell.check import Checker
from torchconv_lint.shell.selection import Selection, opted_in

if TYPE_CHECKING:
    from torchconv_lint.config import Config


def checker_for(project: Config) -> Checker:
    """The checker that `project` configures."""
    selection = Selection((project.select or Selection().select) + project.extend_select, project.ignore)
    named = opted_in(project.select + project.extend_select)
    return Checker(replace(project.settings, opt_in=project.settings.opt_in + named), selection)
