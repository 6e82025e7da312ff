"""What is shown of what the rules say."""

from __future__ import annotations

import textwrap

import pytest

from torchconv_lint.lint import lint_source
from torchconv_lint.model import Confidence
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source

LIKELY = """
    import torch
    from torch import nn

    def value(logits, labels):
        criterion = nn.CrossEntropyLoss(reduction="none")
        loss = criterion(logits, labels)
        return loss.item()
"""
CERTAIN = """
    import torch

    def value():
        ones = torch.ones(2)
        return ones.item()
"""


def shown(code: str, settings: Settings) -> list[tuple[str, Confidence]]:
    outcome = lint_source(Source("x.py", textwrap.dedent(code)), settings)
    assert outcome.problems == ()
    return [(finding.code, finding.confidence) for finding in outcome.findings]


@pytest.mark.parametrize(
    ("settings", "likely"),
    [
        (Settings(), False),
        (Settings(opt_in=("CNV401",)), True),
        (Settings(opt_in=("ALL",)), True),
        (Settings(opt_in=("CNV1",)), False),
        (Settings(confidence=Confidence.POSSIBLE), True),
        (Settings(confidence=Confidence.CERTAIN, opt_in=("CNV401",)), False),
    ],
)
def test_a_rule_may_show_what_is_likely_only_if_asked_to(settings: Settings, likely: bool) -> None:
    found = [one for one in shown(LIKELY, settings) if one[0] == "CNV401"]
    assert found == [("CNV401", Confidence.LIKELY)] * likely
    assert ("CNV401", Confidence.CERTAIN) in shown(CERTAIN, settings)
