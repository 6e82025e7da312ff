"""How often each code was found."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torchconv_lint.report.run import Run


def render_statistics(run: Run) -> str:
    """One line a code, the most frequent first."""
    counts = Counter((finding.code, finding.name) for finding in run.findings())
    width = len(str(max(counts.values(), default=0)))
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return "\n".join(f"{count:{width}}  {code}  {name}" for (code, name), count in ranked)
