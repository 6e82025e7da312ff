"""The index of the rules says what the rules say, and choosing rules by it imports none of them."""

from __future__ import annotations

import subprocess
import sys

from torchconv_lint.rules import index
from torchconv_lint.settings import Settings

SIEVED = "import torch\n\n\ndef double(x: torch.Tensor) -> torch.Tensor:\n    return x * 2\n"


def test_index_is_what_the_rules_say() -> None:
    assert index.FILE.read_text(encoding="utf-8") == index.written(), "run python -m torchconv_lint.rules.index"


def test_nothing_to_judge_imports_no_rule() -> None:
    script = f"""
import sys, ast
from torchconv_lint.flake8_plugin import Plugin
Plugin.remembers = False
text = {SIEVED!r}
assert list(Plugin(ast.parse(text), "a.py", text.splitlines(True)).run()) == []
assert "torchconv_lint.sieve" in sys.modules
loaded = [name for name in sys.modules if name.startswith(("torchconv_lint.rules.", "torchconv_lint.analysis.telling"))]
assert loaded == ["torchconv_lint.rules.index"], loaded
assert "libcst" not in sys.modules
"""
    subprocess.run([sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}\n{script}"], check=True)


def test_settings_choose_by_the_index() -> None:
    def enabled(settings: Settings) -> set[str]:
        return {entry.code for entry in index.entries() if index.is_enabled(entry, settings)}

    usual = enabled(Settings())
    everything = enabled(Settings(opt_in=("ALL",)))
    assert "CNV101" in usual
    assert "CNV102" not in usual
    assert everything == {entry.code for entry in index.entries()}
    assert "CNV101" not in enabled(Settings(assume_device="cpu"))
    assert enabled(Settings(opt_in=("ALL",), target_torch=(1, 9))) < everything
    assert index.wanted(Settings()) < index.wanted(Settings(opt_in=("ALL",)))
