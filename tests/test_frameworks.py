"""What frameworks do before and after they call: where things are then, in which dtype, and what is no part of a graph.

The frameworks themselves are not needed: linting imports nothing.
"""

from __future__ import annotations

import textwrap

import pytest

from torchconv_lint.lint import lint_source
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source

HEADER = """
import numpy as np
import torch
from torch import nn
import pytorch_lightning as pl
import lightning
import torchmetrics
from accelerate import Accelerator
from transformers import AutoModel, Trainer
"""

MODULE = """
class Net({base}):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)
        self.accuracy = torchmetrics.Accuracy("binary")
    def {hook}(self, batch, batch_idx):
        {body}
"""

CASES = {
    # Lightning: on the trainer's device, and without grad but for the training step.
    ("pl.LightningModule", "validation_step", "return self.layer(batch).numpy()"): ["CNV101"],
    ("lightning.LightningModule", "test_step", "return self.layer(batch).numpy()"): ["CNV101"],
    ("pl.LightningModule", "predict_step", "return self.layer(batch).cpu().numpy()"): [],
    ("pl.LightningModule", "training_step", "return self.layer(batch).cpu().numpy()"): ["CNV102"],
    ("pl.LightningModule", "on_validation_epoch_end", "return self.accuracy.compute().numpy()"): ["CNV101"],
    ("pl.LightningModule", "on_validation_epoch_end", "return self.accuracy.compute().cpu().numpy()"): [],
    ("pl.LightningModule", "helper", "return self.layer(batch).detach().numpy()"): [],
    ("nn.Module", "validation_step", "return self.layer(batch).detach().numpy()"): [],
    # The Trainer of transformers moves the model.
    ("Trainer", "compute_loss", "return batch_idx"): [],
}

FUNCTIONS = {
    "the Trainer moves the model": (
        """
        class Mine(Trainer):
            def prediction_step(self, model, inputs, flag):
                with torch.no_grad():
                    return model(**inputs).logits.numpy()
        """,
        ["CNV101"],
    ),
    "the Trainer's metrics get arrays": (
        """
        def compute_metrics(predictions):
            logits, labels = predictions
            return np.mean(np.argmax(logits, axis=1) == labels)
        """,
        [],
    ),
    "accelerate prepares a model": (
        """
        def f(model: nn.Module, loader):
            accelerator = Accelerator()
            model, loader = accelerator.prepare(model, loader)
            with torch.no_grad():
                return [model(x).numpy() for x in loader]
        """,
        ["CNV101"],
    ),
    "what a prepared loader gives is not on the CPU": (
        """
        def f(data):
            accelerator = Accelerator()
            loader = accelerator.prepare(torch.utils.data.DataLoader(data))
            for x in loader:
                y = x.cpu()
                y += 1
                print(x, y)
        """,
        [],
    ),
    "accelerate gathers on the device": (
        """
        def f(self, labels):
            return self.accelerator.gather_for_metrics(labels).numpy()
        """,
        ["CNV101"],
    ),
    "gathered and moved": (
        """
        def f(self, labels):
            return self.accelerator.gather_for_metrics(labels).cpu().numpy()
        """,
        [],
    ),
    "accelerate's device": (
        """
        def f():
            accelerator = Accelerator()
            return torch.ones(3, device=accelerator.device).numpy()
        """,
        ["CNV101"],
    ),
    "a model that accelerate gives back": (
        """
        def f(net: nn.Module, x):
            accelerator = Accelerator()
            model = accelerator.unwrap_model(accelerator.prepare(net))
            with torch.no_grad():
                return model(x).numpy()
        """,
        ["CNV101"],
    ),
    "a metric is where it was moved": (
        """
        def f(pred, target):
            metric = torchmetrics.MeanMetric().to("cuda")
            metric.update(pred)
            return metric.compute().numpy()
        """,
        ["CNV101"],
    ),
    "a metric on the CPU": (
        """
        def f(pred, target):
            metric = torchmetrics.MeanMetric()
            metric.update(pred)
            return metric.compute().numpy()
        """,
        [],
    ),
    "what a metric counts is no part of the graph": (
        """
        def f(net: nn.Module, x, target):
            metric = torchmetrics.Accuracy("binary")
            return np.array(metric(net(x), target))
        """,
        [],
    ),
    "a model loaded in bfloat16": (
        """
        @torch.no_grad()
        def f(inputs):
            model = AutoModel.from_pretrained("x", torch_dtype=torch.bfloat16)
            return model(**inputs).last_hidden_state.numpy()
        """,
        ["CNV103"],
    ),
    "a model loaded in bfloat16, by the newer name of the option": (
        """
        @torch.no_grad()
        def f(inputs):
            model = AutoModel.from_pretrained("x", dtype="bfloat16")
            return model(**inputs)[0].numpy()
        """,
        ["CNV103"],
    ),
    "a model loaded in a dtype of its own choice": (
        """
        @torch.no_grad()
        def f(inputs):
            model = AutoModel.from_pretrained("x", torch_dtype="auto")
            return model(**inputs)[0].numpy()
        """,
        [],
    ),
    "loaded in bfloat16, and widened": (
        """
        @torch.no_grad()
        def f(inputs):
            model = AutoModel.from_pretrained("x", torch_dtype=torch.bfloat16)
            return model(**inputs).last_hidden_state.float().numpy()
        """,
        [],
    ),
    "a model loaded to an accelerator": (
        """
        @torch.no_grad()
        def f(inputs):
            model = AutoModel.from_pretrained("x", device_map="auto")
            return model(**inputs).logits.numpy()
        """,
        ["CNV101"],
    ),
    "a model loaded to the CPU": (
        """
        @torch.no_grad()
        def f(inputs):
            model = AutoModel.from_pretrained("x", device_map="cpu")
            return model(**inputs).logits.numpy()
        """,
        [],
    ),
    "a quantised model needs an accelerator": (
        """
        @torch.no_grad()
        def f(inputs):
            model = AutoModel.from_pretrained("x", load_in_8bit=True)
            return model(**inputs).logits.numpy()
        """,
        ["CNV101"],
    ),
    "datasets and what collates their items are on the CPU": (
        """
        class Data(torch.utils.data.Dataset):
            def __getitem__(self, index):
                return torch.as_tensor(self.rows[index]).numpy()
        def collate_fn(batch):
            return torch.stack([x for x, _ in batch]).numpy()
        """,
        [],
    ),
    "an agent of stable-baselines3 gives and takes arrays": (
        """
        import gymnasium as gym
        from stable_baselines3 import PPO
        def f():
            env = gym.make("CartPole-v1")
            agent = PPO("MlpPolicy", env, device="cuda")
            observation, _ = env.reset()
            action, _ = agent.predict(torch.from_numpy(observation).numpy())
            return torch.from_numpy(action), env.step(action)
        """,
        [],
    ),
    "an observation is on the CPU, what a policy makes of it is not": (
        """
        import gymnasium as gym
        @torch.no_grad()
        def f(policy: nn.Module):
            env = gym.make("CartPole-v1")
            observation, _ = env.reset()
            policy.to("cuda")
            return env.step(policy(torch.from_numpy(observation).to("cuda")).numpy())
        """,
        ["CNV101"],
    ),
}


def codes(code: str) -> list[str]:
    outcome = lint_source(Source("x.py", HEADER + textwrap.dedent(code)), Settings(opt_in=("CNV102",)))
    assert outcome.problems == ()
    return [finding.code for finding in outcome.findings]


@pytest.mark.parametrize(("base", "hook", "body"), CASES)
def test_a_method_that_a_framework_calls(base: str, hook: str, body: str) -> None:
    assert codes(MODULE.format(base=base, hook=hook, body=body)) == CASES[base, hook, body]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function(name: str) -> None:
    code, found = FUNCTIONS[name]
    assert codes(code) == found


@pytest.mark.parametrize(
    ("base", "method", "found"),
    [
        ("pl.LightningModule", "__init__", set()),
        ("pl.LightningModule", "setup", {"CNV320"}),
        ("nn.Module", "__init__", {"CNV320"}),
    ],
)
def test_lightning_makes_a_module_on_the_cpu(base: str, method: str, found: set[str]) -> None:
    code = f"""
    class Scaled({base}):
        def {method}(self, means):
            super().{method}()
            self.means = torch.Tensor(means, device=self.device)
    """
    outcome = lint_source(Source("x.py", HEADER + textwrap.dedent(code)), Settings(sieve=False))
    assert {finding.code for finding in outcome.findings} == found
