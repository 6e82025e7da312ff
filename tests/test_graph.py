"""Graphs that are kept or cut, as training scripts write it: which shapes are told apart."""

from __future__ import annotations

import pytest
from snippets import codes_shown

from torchconv_lint.lint import lint_source
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source

HEAD = """\
import copy
from elsewhere import unknown
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
"""
LOOP = """
def train(model: nn.Module, loader, optimizer, tools, scaler):
    total, losses = 0.0, []
    for x, y in loader:
        loss = F.mse_loss(model(x), y)
        {back}
        optimizer.step()
        {keep}
    {end}
"""
STEP = """
def step(model: nn.Module, critic: nn.Module, x, y):
    output = model(x)
    {body}
"""


def codes(code: str) -> list[str]:
    outcome = lint_source(Source("x.py", HEAD + code), Settings(opt_in=("CNV5",), sieve=False))
    assert outcome.problems == ()
    return [finding.code for finding in outcome.findings]


@pytest.mark.parametrize(
    ("back", "keep", "end", "found"),
    [
        ("loss.backward()", "total += loss", "return total", ["CNV501"]),
        ("tools.backward(loss)", "total += loss", "return total", ["CNV501"]),
        ("scaler.scale(loss).backward()", "total += loss.mean()", "return total", ["CNV501"]),
        ("(loss / 4).backward()", "losses.append(loss)", "return losses", ["CNV502"]),
        ("torch.autograd.backward(loss)", "losses.insert(0, loss)", "return losses", ["CNV502"]),
        ("loss.backward()", "losses += [(x, loss)]", "return losses", ["CNV502"]),
        ("loss.backward()", "total -= loss", "return total", ["CNV501"]),
        ("pass", "total += loss", "print(total)", ["CNV501"]),
        ("pass", "total += loss", "return total", []),
        ("pass", "total += loss", "tools.minimise(total)", []),
        ("pass", "total += loss", "torch.autograd.grad(total, model.parameters())", []),
        ("pass", "losses.append(loss)", "sum(losses).backward()", []),
        ("pass", "losses.append(loss)", "[loss.backward() for loss in losses]", []),
        ("loss.backward()", "total += loss.item()", "return total", []),
        ("loss.backward()", "total += float(loss.detach())", "return total", []),
        ("loss.backward()", "loss = tools.reduced(loss); total += loss", "return total", []),
        ("loss.backward()", "total = loss", "return total", []),
    ],
)
def test_graphs_that_are_kept(back: str, keep: str, end: str, found: list[str]) -> None:
    assert codes(LOOP.format(back=back, keep=keep, end=end)) == found


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("loss = torch.tensor([output.mean(), output.std()]).sum(); loss.backward()", ["CNV511"]),
        ("loss = output.new_tensor(output.mean()) + output.sum(); loss.backward()", ["CNV511"]),
        ("loss = torch.tensor(output.mean().item(), requires_grad=True); loss.backward()", ["CNV511"]),
        ("loss = torch.from_numpy(output.detach().numpy()).mean(); loss.backward()", ["CNV512"]),
        ("loss = torch.tensor(np.abs(output.detach().numpy()).max()); loss.backward()", ["CNV512"]),
        ("loss = output.mean().detach(); loss.backward()", ["CNV513"]),
        ("loss = output.mean(); loss = loss.item(); loss.backward()", ["CNV513"]),
        ("extra = critic(output).mean(); extra = extra.data; (output.mean() + extra).backward()", ["CNV513"]),
        ("weight = output.mean(); weight = weight.item(); (output.sum() * weight).backward()", []),
        ("base = output.mean(); base = base.detach(); (output.sum() - base).backward()", []),
        ("loss = F.mse_loss(output, torch.tensor([output.mean()])); loss.backward()", []),
        ("loss = torch.stack([output.mean(), output.std()]).sum(); loss.backward()", []),
        ("shown = torch.tensor([output.mean(), output.std()]); output.sum().backward(); print(shown)", []),
        ("loss = y + output.mean().detach(); loss.backward()", []),
        ("loss = output.detach(); loss.requires_grad_(); loss.backward()", ["CNV513"]),
        ("start = output.detach(); start.requires_grad_(); start.mean().backward()", []),
        ("loss = output.argmax(1).float().mean(); loss.requires_grad_(); loss.backward()", ["CNV519"]),
        ("loss = unknown(output); loss.requires_grad = True; loss.backward()", ["CNV519"]),
        ("loss = unknown(output); loss.requires_grad_(); loss.backward()", []),
        ("loss = torch.tensor(unknown(output), requires_grad=True); loss.backward()", ["CNV519"]),
        ("point = torch.tensor(3.0, requires_grad=True); point.backward()", []),
        ("states = (output, 1); copy.deepcopy(states)", ["CNV515"]),
        ("state = output.detach(); copy.deepcopy(state)", []),
    ],
)
def test_graphs_that_are_cut(body: str, found: list[str]) -> None:
    assert [code for code in codes(STEP.format(body=body)) if code.startswith("CNV5")] == found


ROUNDS = """
def train(model, loader, optimizer, compute, engine):
    kept = []
    for x, y in loader:
        loss = compute(model, x, y)
        optimizer.zero_grad()
        BACK
        optimizer.step()
        kept.append(loss)
    return kept
"""


@pytest.mark.parametrize(("back", "found"), [("loss.backward()", ["CNV502"]), ("engine.backward(loss)", [])])
def test_what_has_served_in_its_round_is_kept_in_vain(back: str, found: list[str]) -> None:
    source = Source("x.py", HEAD + ROUNDS.replace("BACK", back))
    assert [one.code for one in lint_source(source, Settings()).findings] == found
    asked = lint_source(source, Settings(opt_in=("CNV502",))).findings
    assert [one.code for one in asked] == ["CNV502"]


UNSEEN = """
def train(model, crit, loader, optimizer):
    total, outputs = 0, []
    for x, y in loader:
        output = model(x)
        loss = crit(output, y)
        {before}
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        {keep}
    return total, outputs
"""


@pytest.mark.parametrize(
    ("before", "keep", "asked", "by_default"),
    [
        ("pass", "total += loss * x.size(0)", ["CNV501"], ["CNV501"]),
        ("pass", "total += torch.abs(output - y).mean()", ["CNV501"], []),
        ("pass", "total += torch.abs(output.detach() - y).mean()", [], []),
        ("pass", "total += crit(output, y)", ["CNV501"], []),
        ("pass", "outputs.append(output)", ["CNV502"], []),
        ("pass", "outputs.append(output.detach())", [], []),
        ("loss = loss + model(y).norm().item()", "pass", ["CNV513"], []),
        ("loss = loss + model(y).norm()", "pass", [], []),
    ],
)
def test_what_is_called_like_a_module_in_training(
    before: str, keep: str, asked: list[str], by_default: list[str]
) -> None:
    code = UNSEEN.format(before=before, keep=keep)
    assert codes_shown(code, HEAD, "CNV5") == asked
    assert codes_shown(code, HEAD) == by_default


@pytest.mark.parametrize(
    ("inside", "asked", "by_default"),
    [
        ("torch.autocast('cuda', dtype=torch.bfloat16)", ["CNV103"], []),
        ("torch.autocast('cuda', dtype=torch.float16)", [], []),
        ("torch.no_grad()", [], []),
    ],
)
def test_autocast_around_a_module_that_cannot_be_seen(inside: str, asked: list[str], by_default: list[str]) -> None:
    code = f"def f(model, x):\n    with {inside}:\n        y = model(x)\n    return y.detach().cpu().numpy()\n"
    assert codes_shown(code, HEAD, "CNV103") == asked
    assert codes_shown(code, HEAD) == by_default
