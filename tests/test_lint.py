"""What is shown of what the rules say."""

from __future__ import annotations

import textwrap
from pathlib import Path

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


SAID_ELSEWHERE = """
    import numpy as np
    import torch

    def upload(batch):
        return torch.from_numpy(batch).cuda()

    def direct(batch):
        return upload(batch).numpy()

    def implicit(batch):
        return np.sqrt(upload(batch))

    def listed(batches):
        return np.mean([upload(batch) for batch in batches])
"""


@pytest.mark.parametrize("code", ["CNV101", "CNV111", "CNV121"])
def test_what_a_cuda_in_another_function_tells_is_shown_on_request(code: str) -> None:
    on_request, asked, always = (
        [one[0] for one in shown(SAID_ELSEWHERE, Settings(opt_in=each))] for each in ((), (code,), ("ALL",))
    )
    assert on_request == []
    assert asked == [code]
    assert {"CNV101", "CNV111", "CNV121"} <= set(always)
    body = SAID_ELSEWHERE.partition("def direct")[2]
    here = SAID_ELSEWHERE.replace(body, body.replace("upload(batch)", "torch.from_numpy(batch).cuda()"))
    chosen = SAID_ELSEWHERE.replace("upload(batch)", "upload(batch, device)").replace(".cuda()", ".to(device)")
    for shape in (here, chosen):
        assert code in [one[0] for one in shown(shape, Settings())]


def test_so_is_what_another_file_may_choose(tmp_path: Path) -> None:
    (tmp_path / "made.py").write_text("import torch\n\ndef ones(device):\n    return torch.ones(3, device=device)\n")
    main = tmp_path / "main.py"
    for told, asked, found in (("name()", "CNV101", 1), ("name()", "", 0), ("'cuda'", "", 1)):
        text = (
            f"import torch\nfrom made import ones\nfrom x import name\n\n\ndef f():\n    return ones({told}).numpy()\n"
        )
        main.write_text(text)
        outcome = lint_source(Source(str(main), text), Settings(opt_in=(asked,) if asked else ()))
        assert len(outcome.findings) == found, told
