"""Dicts that a function of the file returns beside a loss: which of them hold the loss as it is."""

from __future__ import annotations

import pytest
from snippets import codes_shown

METHOD = """
class Training:
    def loss(self, x, y):
        policy, value = self.policy(x, y), self.value(x, y)
        {body}

    def batch(self, x, y):
        loss_p, loss_v, stats = self.loss(x, y)
        loss = loss_p + loss_v
        loss.backward()
        self.optimizer.step()
        return stats

    def epoch(self, loader):
        found = []
        for x, y in loader:
            found.append(self.batch(x, y))
        return found
"""
FUNCTION = """
def losses(net, x, y):
    policy, value = net.policy(x, y), net.value(x, y)
    {body}

class Training:
    def batch(self, x, y):
        loss_p, loss_v, stats = losses(self.net, x, y)
        loss = loss_p + loss_v
        loss.backward()
        self.optimizer.step()
        return stats

    def epoch(self, loader):
        found = []
        for x, y in loader:
            found.append(self.batch(x, y))
        return found
"""
HELD = [
    "return policy, value, flatten(dict(losses=dict(policy=policy)))",
    "return policy, value, flatten({'policy': policy})",
    "return policy, value, {'losses': {'policy': policy, 'size': 3}}",
    "made = {'policy': policy}; return policy, value, made",
    "made = dict(policy=policy); return policy, value, flatten(made)",
]
NOT_HELD = [
    "return policy, value, flatten({'policy': policy.item()})",
    "return policy, value, flatten(dict(policy=float(policy)))",
    "return policy, value, flatten({'size': size})",
    "self.made = {'policy': policy}; return policy, value, flatten(made)",
]
HEAD = "import torch\nfrom elsewhere import flatten, size\n"


@pytest.mark.parametrize("program", [METHOD, FUNCTION], ids=["method", "function"])
@pytest.mark.parametrize("body", HELD)
def test_a_dict_that_holds_the_loss(body: str, program: str) -> None:
    assert "CNV502" in codes_shown(program.format(body=body), HEAD, "CNV502")


@pytest.mark.parametrize("program", [METHOD, FUNCTION], ids=["method", "function"])
@pytest.mark.parametrize("body", NOT_HELD)
def test_a_dict_that_does_not(body: str, program: str) -> None:
    assert codes_shown(program.format(body=body), HEAD, "CNV502") == []
