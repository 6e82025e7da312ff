"""Reads on every training step (CNV601 to CNV606): which loops count, and what is done seldom enough."""

from __future__ import annotations

import textwrap

import pytest
from snippets import HEADER

from torchconv_lint.lint import lint_source
from torchconv_lint.model import Confidence
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source


def found(code: str, opt_in: str = "CNV6") -> set[str]:
    """The codes of the family that are reported in `code` by default confidence."""
    source = Source("x.py", HEADER + textwrap.dedent(code))
    settings = Settings(confidence=Confidence.LIKELY, opt_in=(opt_in,))
    outcome = lint_source(source, settings)
    assert not outcome.problems
    assert outcome == lint_source(source, Settings(confidence=Confidence.LIKELY, opt_in=(opt_in,), sieve=False))
    return {finding.code for finding in outcome.findings if finding.code.startswith("CNV6")} - {"CNV607"}


def step(line: str, before: str = "pass") -> str:
    """A training loop with `line` at the end of its body and `before` ahead of the loop."""
    return f"""
def train(model: nn.Linear, loader, optimizer, verbose, rank, logger, bar, writer, limit):
    model = model.cuda()
    {before}
    for i, (x, y) in enumerate(loader):
        output = model(x.cuda())
        loss = output.square().mean()
        loss.backward()
        optimizer.step()
        {line}
"""


EVERY_STEP = {
    "item": ("total = loss.item()", "CNV601"),
    "math": ("math.exp(loss)", "CNV601"),
    "under a condition that stays the same": ("if rank == 0:\n            print(loss.item())", "CNV601"),
    "under a question for None": ("if loss is not None:\n            print(loss.item())", "CNV601"),
    "in a branch for types": ("if isinstance(loss, torch.Tensor):\n            loss.item()", "CNV601"),
    "while": ("while loss > 1:\n            loss = loss / 2", "CNV601"),
    "equal": ("torch.equal(output, output)", "CNV601"),
    "in a comprehension over keys": ("[loss.item() for _ in 'ab']", "CNV601"),
    "cpu": ("kept = output.cpu()", "CNV602"),
    "to cpu": ("kept = output.to('cpu')", "CNV602"),
    "forced array": ("kept = output.numpy(force=True)", "CNV602"),
    "list": ("kept = output.argmax(1).tolist()", "CNV602"),
    "string": ("text = str(loss)", "CNV604"),
    "format": ("text = '{}'.format(loss)", "CNV604"),
    "logger": ("logger.info('loss', loss)", "CNV604"),
    "progress bar": ("bar.set_postfix(loss=loss)", "CNV604"),
    "progress bar with a dict": ("bar.set_postfix({'loss': loss})", "CNV604"),
    "summary": ("writer.add_scalar('loss', loss, i)", "CNV604"),
    "where": ("torch.where(loss > 0)", "CNV606"),
    "masked select": ("torch.masked_select(output, output > 0)", "CNV606"),
    "element of the output": (
        "for value in output.square():\n            if value > 1:\n                break",
        "CNV603",
    ),
}


@pytest.mark.parametrize("name", EVERY_STEP)
def test_on_every_step(name: str) -> None:
    line, code = EVERY_STEP[name]
    assert found(step(line)) == {code}


SELDOM = {
    "every hundredth step": "if i % 100 == 0:\n            print(loss.item())",
    "in an else": "if i % 100:\n            pass\n        else:\n            print(loss.item())",
    "conditional expression": "shown = loss.item() if i % 100 == 0 else None",
    "and": "shown = i % 100 == 0 and loss.item() > 3",
    "and in a condition": "if i % 100 == 0 and loss > 3:\n            break",
    "verbose": "if verbose:\n            print(loss.item())",
    "counter compared": "if i == 10:\n            print(loss.item())",
    "a function decides": "if logger.wants(1):\n            print(loss.item())",
    "after an error": "try:\n            pass\n        except ValueError:\n            print(loss.item())",
    "after continue": "if i % 100:\n            continue\n        print(loss.item())",
    "shape in a text": "print(output.shape, f'{output.dtype}')",
    "moved without waiting": "kept = output.to('cpu', non_blocking=True)",
    "what the loader gives": "y.sum().item()",
    "on another device of the same kind": "kept = output.to('cuda:1')",
    "a number": "print(f'{limit:.2f}')",
    "rows, not elements": "for row in output:\n            row.sum()",
    "its elements are written on the way": "for j in range(3):\n            output[j] = 0\n            output[j] > 1",
}


@pytest.mark.parametrize("name", SELDOM)
def test_seldom_or_never(name: str) -> None:
    assert found(step(SELDOM[name])) == set()


def test_the_rest_of_the_round_after_another_continue_is_run_on_every_step() -> None:
    assert found(step("if limit:\n            continue\n        print(loss.item())")) == {"CNV601"}


def test_a_loop_inside_takes_the_steps() -> None:
    code = """
        def train(model: nn.Linear, loader, optimizer):
            for round in range(3):
                total = torch.zeros((), device="cuda")
                for x in loader:
                    loss = model.cuda()(x.cuda()).mean()
                    loss.backward()
                    total += loss.detach()
                print(total.item())
    """
    assert found(code) == set()


@pytest.mark.parametrize("loop", ["for epoch in range(9):", "for i in range(args.num_epochs):", "for ep in range(9):"])
def test_one_step_an_epoch_is_seldom(loop: str) -> None:
    code = f"""
        def train(model: nn.Linear, x, optimizer, args):
            model.cuda()
            {loop}
                loss = model(x.cuda()).mean()
                loss.backward()
                optimizer.step()
                print(loss.item())
    """
    assert found(code) == set()


def test_a_loop_that_counts_itself() -> None:
    code = """
        def train(model: nn.Linear, x, optimizer):
            model.cuda()
            steps = 0
            while steps < 100:
                loss = model(x.cuda()).mean()
                loss.backward()
                optimizer.step()
                steps += 1
                print(loss.item())
    """
    assert found(code) == {"CNV601"}


def test_the_step_of_lightning() -> None:
    code = """
        import lightning as L
        class Module(L.LightningModule):
            def __init__(self, make):
                self.layer = make(nn.Linear)
            def training_step(self, batch, index):
                loss = self.layer(batch).mean()
                self.log("loss", loss)
                return {"loss": loss, "shown": loss.item()}
            def validation_step(self, batch, index):
                return self.layer(batch).mean().item()
    """
    assert found(code) == {"CNV601"}


STEPS = [("transformers.Trainer", "compute_loss"), ("torch.optim.Optimizer", "step")]
STEPS += [("lightning.Callback", "on_train_batch_end")]


@pytest.mark.parametrize(("base", "name"), STEPS)
def test_what_a_framework_calls_on_every_step(base: str, name: str) -> None:
    code = f"""
        import lightning
        import transformers
        class Own({base}):
            def {name}(self, model, inputs):
                loss = torch.mean(model(inputs.cuda()))
                return loss.item()
            def other(self, model, inputs):
                return torch.mean(model(inputs.cuda())).item()
    """
    assert found(code) == {"CNV601"}
    assert found(code.replace(f"def {name}", "def another")) == set()


ALONE = """
    class Agent:
        def {name}(self, x):
            loss = self.net(x.cuda()).square().mean()
            {steps}
            return loss.item()
"""


def test_a_function_that_takes_one_step_is_called_in_a_loop() -> None:
    once = "self.optimizer.zero_grad(); loss.backward(); self.optimizer.step()"
    assert found(ALONE.format(name="learn", steps=once)) == {"CNV601"}
    several = f"for _ in range(3): {once}"
    assert found(ALONE.format(name="learn", steps=several)) == set()
    assert found(ALONE.format(name="learn", steps="self.optimizer.step(self.closure)")) == set()


def test_the_backward_of_an_engine() -> None:
    code = """
        class Engine:
            def {name}(self, loss, scale=True):
                self.losses += loss.cuda().mean().item()
                self.optimizer.backward(loss)
    """
    assert found(code.format(name="backward")) == {"CNV601"}
    assert found(code.format(name="shown")) == set()


def test_a_helper_is_judged_by_the_loop_that_calls_it() -> None:
    helper = "\ndef shown(value):\n    return value.item()\n"
    assert found(helper + step("shown(loss)")) == {"CNV601"}
    assert found(helper + step("if i % 100 == 0:\n            shown(loss)")) == set()


def test_a_file_that_does_not_speak_of_accelerators_is_left_alone() -> None:
    code = """
        def train(model, xs, optimizer):
            for x in xs:
                loss = model(x).mean()
                loss.backward()
                optimizer.step()
                print(loss.item())
    """
    assert found(code) == set()


ELEMENTS = {
    "pairs": "[a.item() for a, b in zip(scores, names)]",
    "numbered": "[float(a) for i, a in enumerate(scores)]",
    "numbered pairs": "[a.item() for i, (a, b) in enumerate(zip(scores, names))]",
    "by index": "[scores[i].item() for i in range(3)]",
    "by two indices": "[scores[i, j].item() for i in range(3) for j in range(3)]",
    "computed from": "[(a * 2).item() for a in scores]",
}


@pytest.mark.parametrize("name", ELEMENTS)
def test_element_by_element(name: str) -> None:
    assert found(f"def f(names):\n    scores = torch.ones(3, 3, device='cuda')\n    return {ELEMENTS[name]}") == {
        "CNV603"
    }


NOT_ELEMENTS = {
    "of a list": "[a.item() for a in [scores, scores]]",
    "by another index": "[scores[0].item() for i in range(3)]",
    "the index itself": "[float(i) for i, a in enumerate(scores)]",
    "all at once": "[a for a in scores.tolist()]",
}


@pytest.mark.parametrize("name", NOT_ELEMENTS)
def test_not_element_by_element(name: str) -> None:
    code = f"def f(names):\n    scores = torch.ones(3, 3, device='cuda')\n    return {NOT_ELEMENTS[name]}"
    assert found(code) == set()


MADE = {"torch.zeros(3).to('cuda')": True, "torch.arange(3).cuda()": True, "torch.ones(3, device='cpu').cuda()": False}
MADE |= {"torch.randn(3).cuda()": False, "torch.tensor([1]).cuda()": False, "torch.zeros(3).to('cpu')": False}
MADE |= {"zeros(3).cuda()": False, "torch.zeros(3).to(torch.int64)": False}


@pytest.mark.parametrize("code", MADE)
def test_made_on_the_host(code: str) -> None:
    assert found(f"def f(zeros):\n    return {code}") == ({"CNV605"} if MADE[code] else set())
