"""The plugin of python-lsp-server: diagnostics while one types, and quick fixes.

The server finds it by its entry point. Settings come from `[tool.torchconv_lint]`, as on the command line; the server's
own `pylsp.plugins.torchconv_lint.enabled` switches it off.
"""

from __future__ import annotations

import functools
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

from torchconv_lint import config
from torchconv_lint.analysis.elsewhere.locate import forget
from torchconv_lint.editor.protocol import FIX_ALL, QUICK_FIX, SOURCE, Document
from torchconv_lint.fixing.settle import Unsettled, settle
from torchconv_lint.fixing.silencing import silencing
from torchconv_lint.model import Problem, Safety
from torchconv_lint.shell.baseline import Baseline, BaselineError
from torchconv_lint.shell.check import parsed
from torchconv_lint.shell.checked import Checked
from torchconv_lint.shell.discovery import Discovery
from torchconv_lint.shell.project import checker_for
from torchconv_lint.source import Source

if TYPE_CHECKING:
    from collections.abc import Generator

hookimpl = pluggy.HookimplMarker("pylsp")

# The open files of an editor whose findings are kept for the next quick fix.
_KEPT = 16


@hookimpl
def pylsp_settings() -> dict[str, Any]:
    """What the server's settings say of us unless the user says otherwise."""
    return {"plugins": {"torchconv_lint": {"enabled": True}}}


@hookimpl(wrapper=True)
def pylsp_lint(workspace: Any, document: Any) -> Generator[None, list[Any], list[Any]]:
    """Our diagnostics; what the server's flake8 says with our codes is left out, so that nothing is shown twice."""
    others = yield
    others = [[one for one in diagnostics or () if not _is_ours(one)] for diagnostics in others]
    return [*others, _diagnostics(workspace, document)]


@hookimpl
def pylsp_code_actions(
    workspace: Any, document: Any, range: dict[str, Any], context: dict[str, Any]
) -> list[dict[str, Any]]:
    """Quick fixes for the findings at the cursor or in the selection, and the comment that hides them; all safe fixes
    of the file if asked for by kind."""
    source = Source(document.path, document.source)
    shown = Document(document.uri, source)
    only = context.get("only") or [QUICK_FIX]
    actions = []
    if any(_includes(kind, QUICK_FIX) for kind in only):
        for finding in _checked(workspace.root_path, source).findings:
            if not shown.touches(finding, range):
                continue
            if finding.fix and finding.fix.safety is not Safety.SHOWN:
                actions.append(shown.action(finding, finding.fix))
            if edit := silencing(source, finding):
                actions.append(shown.silencing(finding, edit))
    if any(_includes(kind, FIX_ALL) for kind in only):
        text = _all_fixed(workspace.root_path, source)
        if text != source.text:
            actions.append(shown.replacement("Apply all safe fixes", text))
    return actions


def _includes(asked: str, kind: str) -> bool:
    """Kinds of code actions are a hierarchy: "source" asks for "source.fixAll" as well, "" for everything."""
    return asked in ("", kind) or kind.startswith(asked + ".")


def _all_fixed(root: str | None, source: Source) -> str:
    """The text with all safe fixes that `--fix` would apply."""
    try:
        return settle(
            source.text,
            lambda text: _checked(root, replace(source, text=text)).findings,
            frozenset({Safety.SAFE}),
        ).text
    except Unsettled:
        return source.text


def _is_ours(diagnostic: dict[str, Any]) -> bool:
    return diagnostic.get("source") == "flake8" and str(diagnostic.get("code", "")).startswith("CNV")


def _diagnostics(workspace: Any, document: Any) -> list[dict[str, Any]]:
    source = Source(document.path, document.source)
    if isinstance(parsed(source), Problem):
        # While one types, a file is often no Python for a moment; other plugins say so.
        return []
    # The configuration may have changed since, and other files too.
    _checked.cache_clear()
    forget()
    checked = _checked(workspace.root_path, source)
    shown = Document(document.uri, source)
    return [*map(shown.diagnostic, checked.findings), *map(shown.trouble, checked.problems)]


@functools.lru_cache(_KEPT)
def _checked(root: str | None, source: Source) -> Checked:
    """The findings that the command line would show for the file, run in the folder that the editor has open."""
    folder = Path(root) if root and _inside(source.path, root) else Path(source.path).parent
    try:
        project = config.find_config(folder)
        if Discovery([(project.root, project.exclude)]).excludes(source.path):
            return Checked(source.path)
        checked = checker_for(project).check_source(source)
        if project.baseline is not None:
            (checked,) = Baseline(project.baseline).compare([checked]).checked
    except (config.ConfigError, BaselineError) as error:
        return Checked(source.path, problems=(Problem(source.path, 1, 1, f"{SOURCE}: {error}"),))
    return checked


def _inside(path: str, root: str) -> bool:
    return os.path.abspath(path).startswith(os.path.join(os.path.abspath(root), ""))
