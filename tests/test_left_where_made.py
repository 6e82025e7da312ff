"""Modules that are asked where they are, though nobody has moved them, and names that look like data."""

from __future__ import annotations

import pytest
from snippets import codes_shown

HEAD = "import numpy as np\nimport torch\nfrom elsewhere import Net, place\n"

EVALUATED = """\
def evaluate(path, samples):
    model = {made}
    {then}
    where = next(model.parameters()).device
    for sample in samples:
        sample = sample.to(where)
        print(model(sample.unsqueeze(0)), sample.data.numpy())
"""


@pytest.mark.parametrize(
    ("made", "then", "told"),
    [
        ("Net.from_pretrained(path)", "model.eval()", []),
        ("Net.from_pretrained(path, device_map='auto')", "model.eval()", ["CNV101"]),
        ("torch.load(path)", "model.eval()", ["CNV101"]),
        ("Net.from_pretrained(path)", "place(model)", ["CNV101"]),
    ],
)
def test_a_module_that_nobody_moves(made: str, then: str, told: list[str]) -> None:
    """By default, nothing is said of data that goes where a module is that the function has made and left alone."""
    code = EVALUATED.format(made=made, then=then)
    assert codes_shown(code, HEAD) == told
    assert codes_shown(code, HEAD, "CNV101") == ["CNV101"]


NAMED = """\
def ranks(architecture, loader):
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = architecture(num_classes=3).to(device)
    order, names = model.ranks()
    return np.where(names[order] == {other})
"""


def test_who_compares_with_a_string_has_no_tensor() -> None:
    """Names are not on a device, whatever object has given them."""
    assert codes_shown(NAMED.format(other="'first'"), HEAD) == []
