"""Libraries that look like torch, and files that put tensors elsewhere."""

from __future__ import annotations

import pytest
from snippets import reported

NET = """
import numpy as np
{imported}

class Net(nn.Module):
    def __init__(self):
        self.layer = nn.Linear(4, 2)

    def forward(self, x):
        return self.layer(x)

model = Net()
for images, labels in batches():
    guess = model(images).data.argmax(axis=-1)
    print(np.sum(guess == labels.data.argmax(axis=-1)))
"""


@pytest.mark.parametrize(
    ("imported", "codes"),
    [
        ("import torch.nn as nn", {"CNV114"}),
        ("from torch import nn", {"CNV114"}),
        ("import torch\nimport ourtorch.nn as nn", set()),
        ("import torch\nfrom ourtorch import nn", set()),
    ],
)
def test_the_modules_of_another_library_give_no_tensors(imported: str, codes: set[str]) -> None:
    header = "from elsewhere import *\n"
    assert reported(NET.format(imported=imported), "CNV114", header=header) & {"CNV114"} == codes


def test_where_cuda_is_the_default_legacy_constructors_take_it() -> None:
    code = "def f(x: torch.Tensor):\n    return torch.Tensor([1.0], device=x.device)\n"
    assert "CNV320" in reported(code, "CNV320")
    assert "CNV320" not in reported(f"{code}\ntorch.set_default_tensor_type('torch.cuda.FloatTensor')\n", "CNV320")
