"""Modules that are asked where they are, though nobody has moved them, and names that look like data."""

from __future__ import annotations

import pytest
from snippets import codes_shown

HEAD = "import numpy as np\nimport torch\nfrom elsewhere import Net, place\n"

EVALUATED = """\
def evaluate(path, samples):
    model = {made}
    {then}
    where = {where}
    for sample in samples:
        sample = sample.to(where)
        print(model(sample.unsqueeze(0)), sample.data.numpy())
"""


@pytest.mark.parametrize("where", ["next(model.parameters()).device", "model.device"])
@pytest.mark.parametrize(
    ("made", "then"),
    [
        ("Net.from_pretrained(path)", "model.eval()"),
        ("Net.from_pretrained(path, device_map='auto')", "model.eval()"),
        ("torch.load(path)", "model.eval()"),
        ("Net.from_pretrained(path)", "place(model)"),
    ],
)
def test_a_module_that_nobody_moves(made: str, then: str, where: str) -> None:
    """By default, nothing is said of data that goes where a module is."""
    code = EVALUATED.format(made=made, then=then, where=where)
    assert codes_shown(code, HEAD) == []
    assert codes_shown(code, HEAD, "CNV101") == ["CNV101"]


INHERITED = """class Scored(Net):
    def score(self, x, config):
        x = x.to(self.device)
        return x.numpy()
"""


def test_a_device_that_is_inherited_from_what_cannot_be_seen() -> None:
    assert codes_shown(INHERITED, HEAD) == []
    assert codes_shown(INHERITED, HEAD, "CNV101") == ["CNV101"]
    assert codes_shown(INHERITED.replace("self.device", "config.device"), HEAD) == ["CNV101"]


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
