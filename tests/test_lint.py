"""What is shown of what the rules say."""

from __future__ import annotations

import gc
import textwrap
from pathlib import Path

import pytest

from torchconv_lint import lint
from torchconv_lint.lint import lint_source
from torchconv_lint.model import Confidence
from torchconv_lint.rules import all_rules
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


def test_a_group_asks_for_its_rules_and_for_what_they_show_on_request() -> None:
    code = """
        import torch
        def f(loader, device):
            for x in loader:
                y = x.to(device)
                print(y.sum().item())
            return torch.ones(3).cuda().numpy()
    """
    groups = {
        each: {one[0] for one in shown(code, Settings(opt_in=each))} for each in ((), ("STRICT",), ("PERFORMANCE",))
    }
    assert "CNV101" in groups["STRICT",] - groups[()]
    assert not any(one.startswith("CNV60") for one in groups["STRICT",])
    assert groups["PERFORMANCE",] - groups[()] <= {rule.code for rule in all_rules() if rule.group == "performance"}


PLACED = """
    import numpy as np
    import torch

    chosen = "cuda" if torch.cuda.is_available() else "cpu"

    def direct(batch, device):
        return torch.from_numpy(batch).{0}.numpy()

    def implicit(batch, device):
        return np.sqrt(torch.from_numpy(batch).{0})

    def listed(batches, device):
        return np.mean([torch.from_numpy(batch).{0} for batch in batches])
"""


@pytest.mark.parametrize(
    ("how", "by_default"),
    [("cuda()", set()), ("to(device)", {"CNV101"}), ("to(chosen)", {"CNV101", "CNV111", "CNV121"})],
)
def test_how_an_accelerator_is_told_decides_what_is_shown_on_request(how: str, by_default: set[str]) -> None:
    code, every = PLACED.format(how), ("CNV101", "CNV111", "CNV121")
    default, asked = ({one[0] for one in shown(code, Settings(opt_in=each))} for each in ((), every))
    assert default == by_default
    assert asked == set(every)


def test_so_is_what_another_file_may_choose(tmp_path: Path) -> None:
    (tmp_path / "made.py").write_text("import torch\n\ndef ones(device):\n    return torch.ones(3, device=device)\n")
    main = tmp_path / "main.py"
    for told, asked, found in (("name()", "CNV101", 1), ("name()", "", 0), ("'cuda'", "CNV101", 1)):
        text = (
            f"import torch\nfrom made import ones\nfrom x import name\n\n\ndef f():\n    return ones({told}).numpy()\n"
        )
        main.write_text(text)
        outcome = lint_source(Source(str(main), text), Settings(opt_in=(asked,) if asked else ()))
        assert len(outcome.findings) == found, told


MIRROR = """
    import torch

    class Boxes:
        def __init__(self, corners, device):
            self.corners = corners.to(device)

        def {0}(self):
            return self.corners.numpy()

    def drawn(corners):
        return {1}
"""


@pytest.mark.parametrize("method", ["numpy", "__array__", "as_array"])
def test_a_method_that_mirrors_the_conversion_raises_where_a_tensor_would(method: str) -> None:
    text = MIRROR.format(method, "Boxes(corners, 'cpu')")
    default, asked = ({one[0] for one in shown(text, Settings(opt_in=each))} for each in ((), ("CNV101",)))
    assert "CNV101" not in default
    assert "CNV101" in asked


BROUGHT_BACK = """
    import torch

    def f(x, device, chosen, verbose, use_gpu):
        y = torch.from_numpy(x).to(device)
        if {0}:
            {1}
        {2}
"""


@pytest.mark.parametrize(
    ("question", "branch", "otherwise", "by_default"),
    [
        ("use_gpu", "y = y.cpu()", "return y.numpy()", False),
        ("chosen.is_cuda", "return y.detach().cpu().numpy()", "return (y + 1).numpy()", False),
        ("'cpu' not in chosen", "z = y.cpu().numpy()", "else: z = y.numpy()", False),
        ("use_gpu", "z = x.cpu()", "return y.numpy()", True),
        ("use_gpu", "y = y + 1", "return y.numpy()", True),
        ("verbose", "y = y.cpu()", "return y.numpy()", True),
        ("device == 'cpu'", "y = y.cpu()", "return y.numpy()", True),
    ],
)
def test_who_brings_a_value_back_where_devices_are_asked_for_has_thought_of_it(
    question: str, branch: str, otherwise: str, by_default: bool
) -> None:
    code = BROUGHT_BACK.format(question, branch, otherwise)
    default, asked = ([one[0] for one in shown(code, Settings(opt_in=each))] for each in ((), ("CNV101",)))
    assert default == ["CNV101"] * by_default
    assert asked == ["CNV101"]


@pytest.mark.parametrize(("before", "after"), [(700, 20_000), (50_000, 50_000), (0, 0)])
def test_the_garbage_collector_starts_less_often_and_is_never_switched_on(before: int, after: int) -> None:
    old = gc.get_threshold()
    try:
        gc.set_threshold(before, *old[1:])
        lint._settle.cache_clear()
        lint._settle()
        assert gc.get_threshold() == (after, *old[1:])
    finally:
        gc.set_threshold(*old)
