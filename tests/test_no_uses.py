"""What only shows a value, or puts it where nobody looks, is no use of what a write has changed."""

import pytest
from snippets import codes_shown

BRIDGE = """
import torch

def lesson():
    a = torch.ones(5)
    b = a.numpy()
    a.add_(1)
    print(a)
    {}
"""

KEPT = """
import numpy as np
import torch

def frames(count):
    {}
    for index in range(count):
        poses = torch.eye(4).numpy()
        turned = torch.from_numpy(poses)
        turned[0] = turned[0] * 2
        kept.append(poses)
        yield turned
    {}
"""


@pytest.mark.parametrize(
    ("use", "codes"),
    [
        ("print(b)", []),
        ("print('b:', b)", []),
        ('print(f"b: {b}")', []),
        ("print(b.sum())", ["CNV201"]),
        ("return b", ["CNV201"]),
    ],
)
def test_what_is_printed_as_it_is_shows_what_is_shared(use: str, codes: list[str]) -> None:
    assert codes_shown(BRIDGE.format(use), "") == codes


@pytest.mark.parametrize(
    ("begin", "end", "codes"),
    [
        ("kept = []", "pass", []),
        ("kept = []", "kept.append(None)", []),
        ("kept = []", "return kept", ["CNV201"]),
        ("kept = []", "print(len(kept))", ["CNV201"]),
        ("global kept", "pass", ["CNV201"]),
    ],
)
def test_a_list_of_which_nothing_is_read_keeps_for_nobody(begin: str, end: str, codes: list[str]) -> None:
    assert codes_shown(KEPT.format(begin, end), "") == codes


DRAWN = """
import random
import torch

def batches(dataset, sample):
    rows = torch.zeros((dataset.size, dataset.left + dataset.right))
    i = 0
    while i < dataset.size:
        chosen = random.randint(0, len(dataset.shape) - 1)
        {}
        start = sample.begin - sample.offset
        if start + dataset.width > sample.length:
            continue
        rows[i, :] = perturbed(torch.from_numpy(sample.input))

def perturbed(x, kind="none"):
    if kind == "none":
        x *= torch.FloatTensor(x.size()).random_(0, 2)
    return x
"""


@pytest.mark.parametrize(
    ("drawn", "codes"),
    [("sample = dataset[chosen]", []), ("sample = dataset[0]", ["CNV201"]), ("print(chosen)", ["CNV201"])],
)
def test_a_round_that_begins_with_another_item_reads_nothing_of_the_last_one(drawn: str, codes: list[str]) -> None:
    assert codes_shown(DRAWN.format(drawn), "") == codes
