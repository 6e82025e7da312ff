"""Whether a caller goes on using what a function has rewritten."""

from __future__ import annotations

import textwrap

import pytest

from torchconv_lint.lint import lint_source
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source

FUNCTION = """
import numpy as np
import torch

def shifted(boxes: np.ndarray, by):
    moved = boxes
    moved[:, 0] += by
    return moved
"""
USED = {
    "nobody calls it here": "",
    "after the call": """
        def load(path):
            boxes = np.load(path)
            new = shifted(boxes, 1)
            return boxes, new
    """,
    "in the next round": """
        def load(path):
            boxes = np.load(path)
            return [shifted(boxes, by) for by in range(3)] + [rounds(boxes)]
        def rounds(path):
            boxes = np.load(path)
            found = []
            for by in range(3):
                found.append(shifted(boxes, by))
            return found
    """,
    "kept by the object": """
        class Data:
            def get(self):
                return shifted(self.boxes, 1)
    """,
    "by somebody, perhaps, who has handed it on": """
        def load(boxes):
            return shifted(boxes, 1)
    """,
    "spread": """
        def load(boxes):
            return shifted(*boxes)
    """,
    "one of two callers does": """
        def load(path):
            boxes = np.load(path)
            boxes = shifted(boxes, 1)
            return boxes
        def again(path):
            boxes = np.load(path)
            new = shifted(by=1, boxes=boxes)
            return boxes, new
    """,
}
DONE = {
    "stored back": """
        def load(path):
            boxes = np.load(path)
            boxes = shifted(boxes, 1)
            return boxes
    """,
    "stored back among others": """
        def load(path):
            boxes = np.load(path)
            boxes, by = shifted(boxes, 1), 2
            return boxes
    """,
    "never used again": """
        def load(path):
            boxes = np.load(path)
            return shifted(boxes, 1)
    """,
    "made for the call": """
        def load(path):
            return shifted(np.load(path), 1)
    """,
    "bound anew before it is used": """
        def load(path):
            boxes = np.load(path)
            new = shifted(boxes, 1)
            boxes = np.load(path)
            return boxes, new
    """,
    "bound in every round": """
        def load(paths):
            for path in paths:
                boxes = np.load(path)
                yield shifted(boxes, 1)
    """,
    "handed on by somebody who is done with it": """
        def load(path):
            boxes = np.load(path)
            return passed(boxes)
        def passed(boxes):
            return shifted(boxes, 1)
    """,
}


def codes(code: str) -> list[str]:
    outcome = lint_source(Source("x.py", FUNCTION + textwrap.dedent(code)), Settings(sieve=False))
    assert outcome.problems == ()
    return [finding.code for finding in outcome.findings]


@pytest.mark.parametrize("code", USED.values(), ids=USED)
def test_a_caller_may_go_on_using_it(code: str) -> None:
    assert codes(code) == ["CNV204"]


@pytest.mark.parametrize("code", DONE.values(), ids=DONE)
def test_all_callers_are_done_with_it(code: str) -> None:
    assert codes(code) == []


def test_methods() -> None:
    method = """
        class Data:
            @staticmethod
            def moved(boxes: np.ndarray, by):
                there = boxes
                there[:, 0] += by
                return there
            def shifted(self, boxes: np.ndarray, by):
                there = boxes
                there[:, 0] += by
                return there
            def load(self, path):
                boxes = np.load(path)
                boxes = self.shifted(boxes, 1)
                boxes = self.moved(boxes, 1)
                return boxes
    """
    assert codes(method) == ["CNV204"]  # that of the function above
    assert codes(method.replace("boxes = self.moved(boxes, 1)", "new = self.moved(boxes, 1)")) == ["CNV204"] * 2
