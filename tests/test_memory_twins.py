"""What is shared, kept or rewritten, beside what only looks so: as shown to those who ask for no rule."""

from __future__ import annotations

import pytest
from snippets import codes_shown, found

HEAD = """\
import copy
import numpy as np
import torch
from torch import nn, optim
from torch.nn import functional as F
from elsewhere import *


def step(net, loader):
    opt = optim.SGD(net.parameters(), lr=0.1)
    for x, y in loader:
        opt.zero_grad()
        F.mse_loss(net(x), y).backward()
        opt.step()


def trained(net, loader):
    step(net, loader)
    return net.state_dict()
"""

PAIRS = {
    "another array of an archive": (
        "CNV201",
        """
        def f(path):
            data = np.load(path)
            label = torch.from_numpy(data["label"])
            label[label > 0] = 1
            return label, torch.from_numpy(data["label"])
        """,
        """
        def f(path):
            data = np.load(path)
            label = torch.from_numpy(data["label"])
            label[label > 0] = 1
            return label, torch.from_numpy(data["image"])
        """,
    ),
    "given to an object of elsewhere": (
        "CNV201",
        """
        class Solver:
            def f(self, losses: torch.Tensor):
                self.values = losses.detach().numpy()
                self.values += 1
                return losses.max()
        """,
        """
        class Solver:
            def f(self, losses: torch.Tensor):
                self.parameter.values = losses.detach().numpy()
                self.parameter.values += 1
                return losses.max()
        """,
    ),
    "what can be rounded": (
        "CNV413",
        """
        def f(x: torch.Tensor):
            return round(x.mean(), 2)
        """,
        """
        def shown(x):
            if hasattr(x, "__round__"):
                return round(x, 2)
            return x
        def f(x: torch.Tensor):
            return shown(x.mean())
        """,
    ),
    "filled through its array": (
        "CNV201",
        """
        def f(lengths):
            sizes = torch.arange(4)
            sizes_np = sizes.numpy()
            for i in range(4):
                sizes_np[i] = lengths[i]
            return sizes
        """,
        """
        def f(lengths):
            sizes = torch.zeros(4)
            sizes_np = sizes.numpy()
            for i in range(4):
                sizes_np[i] = lengths[i]
            return sizes
        """,
    ),
    "added up into its array": (
        "CNV201",
        """
        def f(lengths: np.ndarray):
            starts_cpu = torch.zeros(5)
            starts_np = starts_cpu.numpy()
            np.add(starts_np[1:], lengths, out=starts_np[1:])
            return starts_cpu, starts_np[-1]
        """,
        """
        def f(lengths: np.ndarray):
            starts_cpu = torch.zeros(5)
            starts_np = starts_cpu.numpy()
            np.cumsum(lengths, out=starts_np[1:])
            return starts_cpu, starts_np[-1]
        """,
    ),
    "a handle that another branch has dropped": (
        "CNV201",
        """
        def f(coin):
            image = torch.zeros(3, 4, 4)
            if coin:
                values = image.numpy()
                values[0] = 1
            return image + 1
        """,
        """
        def turned(x):
            if x.ndim == 4:
                x[0] = x[0] + 1
            return x.astype(float)
        def f(coin):
            image = torch.zeros(3, 4, 4)
            if coin:
                image = torch.from_numpy(turned(image.numpy()))
            return image + 1
        """,
    ),
    "the row of an earlier round": (
        "CNV201",
        """
        def f(rows: torch.Tensor, kept):
            for row in rows:
                values = row.detach().numpy()
                values[:2] = values[:2] * 3
                kept.append(values)
            return rows
        """,
        """
        def f(rows: torch.Tensor, kept):
            for row in rows:
                values = row.detach().numpy()
                values[:2] = values[:2] * 3
                kept.append(values)
        """,
    ),
    "made anew unless it is the last": (
        "CNV201",
        """
        def f(shapes, out):
            found = torch.zeros(10, 3)
            for shape in shapes:
                found[:] = shape
                values = found.numpy()
                values[values < 0.001] = 0.0
                np.savetxt(out, values)
                show(found.sum())
        """,
        """
        def f(shapes, out):
            found = torch.zeros(10, 3)
            for shape in shapes:
                found[:3] = shape
                values = found.cpu().numpy()
                values[values < 0.001] = 0.0
                np.savetxt(out, values)
                if shape.more:
                    found = torch.zeros(10, 3)
        """,
    ),
    "the state of what has worked before": (
        "CNV203",
        """
        class Fitter:
            def fit(self, net, loader):
                for _ in range(3):
                    step(net, loader)
                    self.previous_state = net.state_dict()
                step(net, loader)
                net.load_state_dict(self.previous_state)
        """,
        """
        class Fitter:
            def fit(self, loader):
                net = nn.Linear(2, 2)
                try:
                    step(net, loader)
                    self.previous_state = net.state_dict()
                except RuntimeError:
                    net.load_state_dict(self.previous_state)
        """,
    ),
    "a module made anew in each round": (
        "CNV203",
        """
        def f(net, loaders):
            states = []
            for loader in loaders:
                step(net, loader)
                states.append(net.state_dict())
            return states
        """,
        """
        def f(net, loaders, device):
            states = []
            for loader in loaders:
                local = Net().to(device)
                local.load_state_dict(net.state_dict())
                step(local, loader)
                states.append(local.state_dict())
            return states
        """,
    ),
    "each of several modules": (
        "CNV203",
        """
        def f(nets, loader):
            best = {}
            for epoch in range(3):
                for i, net in enumerate(nets):
                    step(net, loader)
                    best[i] = net.state_dict()
            return best
        """,
        """
        def f(nets, loader):
            best = {}
            for i, net in enumerate(nets):
                step(net, loader)
                best[i] = net.state_dict()
            return best
        """,
    ),
    "the models of several clients": (
        "CNV203",
        """
        def f(models, loader, server):
            states = []
            for turn in range(9):
                for model in models:
                    step(model, loader)
                    states.append(model.state_dict())
            return states
        """,
        """
        def f(models, loader, server):
            for turn in range(9):
                states = []
                for model in models:
                    step(model, loader)
                    states.append(model.state_dict())
                server.put(states)
        """,
    ),
    "a copy that is handed over, and its state given back": (
        "CNV203",
        """
        def f(nets, loaders, device):
            size = nets[0].state_dict()["weight"].shape
            for turn in range(9):
                for i, loader in enumerate(loaders):
                    net = nets[0]
                    state = trained(net, loader)
                    step(net, loader)
                    show(state["weight"])
        """,
        """
        def f(nets, loaders, device, way):
            size = nets[0].state_dict()["weight"].shape
            for turn in range(9):
                total = None
                for i, loader in enumerate(loaders):
                    net = copy.deepcopy(nets[i])
                    if way == "all":
                        state = trained(net.to(device), loader)
                    if way == "head":
                        state = trained(net.to(device), loader)
                    if total is None:
                        total = copy.deepcopy(state)
                    else:
                        total["weight"] += state["weight"]
                net = nets[0]
                step(net, loaders[0])
        """,
    ),
    "the optimiser of another object": (
        "CNV203",
        """
        class A:
            def f(self, x):
                before = {name: p.reshape(-1) for name, p in self.one.model.state_dict().items()}
                self.one.model(x).sum().backward()
                self.one.optimizer.step()
                return before["weight"] - 1
        """,
        """
        class A:
            def f(self, x):
                before = {name: p.reshape(-1) for name, p in self.one.model.state_dict().items()}
                self.other.model(x).sum().backward()
                self.other.optimizer.step()
                return before["weight"] - 1
        """,
    ),
    "moved to another device since": (
        "CNV203",
        """
        def f(net, loader, device):
            net.to(device)
            best = net.state_dict()
            step(net, loader)
            return best
        """,
        """
        def f(net, loader, device):
            best = net.state_dict()
            net.to(device)
            step(net, loader)
            return best
        """,
    ),
    "meant to be the last weights": (
        "CNV203",
        """
        def f(net, loader):
            for epoch in range(9):
                step(net, loader)
                if epoch % 3 == 0:
                    chosen = net.state_dict()
            net.load_state_dict(chosen)
        """,
        """
        def f(net, loader):
            for epoch in range(9):
                step(net, loader)
                if epoch % 3 == 0:
                    last_weights = net.state_dict()
            net.load_state_dict(last_weights)
        """,
    ),
    "what a generator has made": (
        "CNV204",
        """
        def f(batches) -> torch.Tensor:
            'The mean of the batches.'
            x = torch.from_numpy(batches["x"])
            x *= 2
            return x.mean()
        """,
        """
        def f(batches) -> torch.Tensor:
            'The mean of the batches.'
            x = torch.from_numpy(next(batches)["x"])
            x *= 2
            return x.mean()
        """,
    ),
    "a function that stands in for a method": (
        "CNV204",
        """
        def forward(mask: torch.Tensor, other) -> torch.Tensor:
            'Returns something new.'
            bias = mask
            bias += other
            return bias.softmax(-1)
        """,
        """
        def forward(self, mask: torch.Tensor, other) -> torch.Tensor:
            bias = mask
            bias += other
            return bias.softmax(-1)
        """,
    ),
    "a hook before the module": (
        "CNV204",
        """
        def scaled(module, input: torch.Tensor) -> torch.Tensor:
            'Returns something new.'
            values = input.view(-1)
            values.mul_(2)
            return values
        """,
        """
        def hook(module, input: torch.Tensor) -> torch.Tensor:
            values = input.view(-1)
            values.mul_(2)
            return values
        """,
    ),
    "copied where it lies in another order": (
        "CNV204",
        """
        def f(x: torch.Tensor, other) -> torch.Tensor:
            'Returns something new.'
            rows = x.flatten(2).permute(2, 0, 1)
            rows += other
            return rows.softmax(-1)
        """,
        """
        def f(x: torch.Tensor, other) -> torch.Tensor:
            rows = x.permute(1, 2, 0, 3, 4).flatten(2).permute(2, 0, 1)
            rows += other
            return rows.softmax(-1)
        """,
    ),
    "normalised once more": (
        "CNV204",
        """
        class A:
            def __getitem__(self, i):
                points = self.kept[i]
                points[:, 0:3] = jittered(points[:, 0:3])
                return points, torch.ones(1)
        """,
        """
        class A:
            def __getitem__(self, i):
                points = self.kept[i]
                points[:, 0:3] = normalized(points[:, 0:3])
                return points, torch.ones(1)
        """,
    ),
    "a local variable called self": (
        "CNV204",
        """
        def chosen(scores: torch.Tensor, invalid: np.ndarray):
            invalid = torch.from_numpy(invalid)
            invalid |= scores < 0
            return scores + invalid
        class A:
            def main(self, scores):
                return chosen(scores, self.invalid)
        """,
        """
        def chosen(scores: torch.Tensor, invalid: np.ndarray):
            invalid = torch.from_numpy(invalid)
            invalid |= scores < 0
            return scores + invalid
        def main(scores, names):
            self = np.array(names)[:, None] == np.array(names)
            return chosen(scores, self)
        """,
    ),
    "kept until backward by another sum": (
        "CNV501",
        """
        def f(net: nn.Module, loader, label, log):
            shown = 0
            for parts in loader:
                total = 0
                for part in parts:
                    out = net(part)[0]
                    shown += out.mean()
                    total = total + F.mse_loss(out, label)
                total.backward()
            log("shown", shown / 3)
        """,
        """
        def f(net: nn.Module, loader, label, log):
            for parts in loader:
                total = 0
                shown = 0
                for part in parts:
                    out = net(part)[0]
                    shown += out.mean()
                    total = total + F.mse_loss(out, label)
                log("shown", shown / 3)
                total.backward()
        """,
    ),
    "a list of losses added up": (
        "CNV501",
        """
        def f(net: nn.Module, loader):
            total = 0
            for x, y in loader:
                one, other = F.mse_loss(net(x), y), F.l1_loss(net(x), y)
                (one + other).backward()
                for loss in [one, other]:
                    total += loss
            print(total)
        """,
        """
        def f(net: nn.Module, loader):
            for x, y in loader:
                one, other = F.mse_loss(net(x), y), F.l1_loss(net(x), y)
                (one + other).backward()
                losses = [one, other]
                total = 0
                for loss in losses:
                    total += loss
                print(total)
        """,
    ),
    "a mean that begins with the first": (
        "CNV501",
        """
        def f(net: nn.Module, loader, opt):
            mean = None
            for x, y in loader:
                loss = F.mse_loss(net(x), y)
                loss.backward()
                opt.step()
                mean = loss if mean is None else 0.9 * mean + 0.1 * loss
            print(mean)
        """,
        """
        def f(net: nn.Module, loader, opt):
            mean = None
            for x, y in loader:
                loss = F.mse_loss(net(x), y)
                loss.backward()
                opt.step()
                mean = loss.item() if mean is None else 0.9 * mean + 0.1 * loss.item()
            print(mean)
        """,
    ),
    "an input of a function that goes backward": (
        "CNV519",
        """
        def f(net, x, y):
            with torch.no_grad():
                loss = F.mse_loss(net(x), y)
            loss.requires_grad_()
            loss.backward()
        """,
        """
        def run_backward(graph, x):
            out = aggregated(graph, x)
            out.backward(torch.ones_like(out))
            return x.grad.detach()
        def f(graph):
            x = torch.randn(3, requires_grad=True)
            other = x.detach().float().requires_grad_(True)
            return run_backward(graph, other)
        """,
    ),
    "an input of a method that goes backward": (
        "CNV519",
        """
        class Steps:
            def f(self, net, x, y):
                with torch.no_grad():
                    loss = F.mse_loss(net(x), y)
                loss.requires_grad_()
                self.backward(loss)
        """,
        """
        class Check:
            def go_backward(self, x, way):
                x.grad = None
                out = way(x)
                out.sum().backward()
                return x.grad
            def f(self, way):
                x = torch.rand(3) + 1
                x.requires_grad = True
                return self.go_backward(x, way)
        """,
    ),
    "a tensor that may be on the CPU": (
        "CNV201",
        """
        def f(scores: torch.Tensor, limit):
            found = scores.detach().numpy()
            found -= limit
            return scores * found
        """,
        """
        def f(scores: torch.Tensor, limit):
            found = scores.detach().cpu().numpy()
            found -= limit
            return scores * found
        """,
    ),
    "an array that is kept as it was": (
        "CNV201",
        """
        def f(labels, last):
            labels = torch.cat(labels)
            found = copy.copy(labels).numpy()
            found[0] = last
            return found, labels[1:]
        """,
        """
        def f(labels, last):
            labels = torch.cat(labels)
            found = copy.copy(labels.numpy())
            found[0] = last
            return found, labels[1:]
        """,
    ),
}


@pytest.mark.parametrize(("code", "hazard"), [pair[:2] for pair in PAIRS.values()], ids=PAIRS.keys())
def test_the_hazard_is_shown(code: str, hazard: str) -> None:
    assert code in codes_shown(hazard, HEAD)


@pytest.mark.parametrize(("code", "twin"), [(pair[0], pair[2]) for pair in PAIRS.values()], ids=PAIRS.keys())
def test_the_twin_is_not(code: str, twin: str) -> None:
    assert code not in codes_shown(twin, HEAD)


COMMON = {
    "the best of several epochs": (
        "CNV203",
        """
        def f(model, loader, opt):
            lowest, best = 9.0, None
            for epoch in range(9):
                for x, y in loader:
                    opt.zero_grad()
                    loss = F.mse_loss(model(x), y)
                    loss.backward()
                    opt.step()
                if loss.item() < lowest:
                    lowest, best = loss.item(), model.state_dict()
            model.load_state_dict(best)
        """,
    ),
    "a checkpoint that is saved at the end": (
        "CNV203",
        """
        def f(model, loader, opt, path):
            best = {}
            for epoch in range(9):
                for x, y in loader:
                    opt.zero_grad()
                    loss = F.mse_loss(model(x), y)
                    loss.backward()
                    opt.step()
                if loss.item() < best.get("loss", 9):
                    best = {"loss": loss.item(), "state": model.state_dict(), "epoch": epoch}
            torch.save(best, path)
        """,
    ),
    "the weights of all epochs": (
        "CNV203",
        """
        def f(model: nn.Module, loader, optimizer):
            history = []
            for x, y in loader:
                loss = F.mse_loss(model(x), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                history.append(model.state_dict())
            return history
        """,
    ),
    "parameters as they were": (
        "CNV203",
        """
        def f(model, loader, opt):
            before = [p.data for p in model.parameters()]
            for x, y in loader:
                opt.zero_grad()
                F.mse_loss(model(x), y).backward()
                opt.step()
            return sum((p - b).norm() for p, b in zip(model.parameters(), before))
        """,
    ),
    "the best model": (
        "CNV203",
        """
        def f(model, loader, opt):
            best_model = None
            for epoch in range(9):
                for x, y in loader:
                    opt.zero_grad()
                    loss = F.mse_loss(model(x), y)
                    loss.backward()
                    opt.step()
                if best_model is None or loss.item() < 3:
                    best_model = model
            return best_model
        """,
    ),
    "a stopper that keeps the best": (
        "CNV203",
        """
        class Stopper:
            def __init__(self):
                self.best_score, self.best_state = None, None
            def __call__(self, score, model):
                if self.best_score is None or score > self.best_score:
                    self.best_score = score
                    self.best_state = model.state_dict()
            def restore(self, model):
                model.load_state_dict(self.best_state)
        """,
    ),
    "the start of a search for a rate": (
        "CNV203",
        """
        def f(model, opt, loader):
            initial = model.state_dict()
            for x, y in loader:
                opt.zero_grad()
                F.mse_loss(model(x), y).backward()
                opt.step()
            model.load_state_dict(initial)
        """,
    ),
    "a running total that is kept": (
        "CNV201",
        """
        def f(frames):
            total, history = np.zeros((2, 2), dtype=np.float32), []
            for frame in frames:
                total += frame
                history.append(torch.from_numpy(total))
            return history
        """,
    ),
    "an output before and after": (
        "CNV201",
        """
        def f(model: nn.Module, x):
            with torch.no_grad():
                values = model(x).cpu().numpy()
            before = torch.from_numpy(values)
            values[values < 0] = 0
            return before, values
        """,
    ),
    "a state that is written through NumPy": (
        "CNV201",
        """
        def f(world, steps):
            state = torch.zeros(4)
            seen, states = state.numpy(), []
            for _ in range(steps):
                seen += world.step()
                states.append(state)
            return states
        """,
    ),
    "a centred image and the image": (
        "CNV201",
        """
        def f(image: np.ndarray):
            values = torch.from_numpy(image)
            values -= values.mean()
            return values, image.max()
        """,
    ),
    "labels that are mapped": (
        "CNV201",
        """
        def f(labels: np.ndarray):
            target = torch.as_tensor(labels)
            labels[labels == 255] = 0
            return target, labels
        """,
    ),
    "a dataset that centres what it keeps": (
        "CNV201",
        """
        class Data(torch.utils.data.Dataset):
            def __init__(self, x):
                self.x = np.asarray(x, dtype=np.float32)
            def __getitem__(self, i):
                row = torch.from_numpy(self.x[i])
                row.sub_(row.mean())
                return row
        """,
    ),
    "a transform": (
        "CNV204",
        """
        def f(sample: np.ndarray) -> torch.Tensor:
            values = torch.from_numpy(sample)
            values /= 255.0
            return values
        """,
    ),
    "boxes in another form": (
        "CNV204",
        """
        def f(boxes: np.ndarray, scale) -> torch.Tensor:
            corners = torch.as_tensor(boxes)
            corners[:, 2:] += corners[:, :2]
            corners *= scale
            return corners
        """,
    ),
    "losses in a list": (
        "CNV502",
        """
        def f(model: nn.Module, loader, opt):
            losses = []
            for x, y in loader:
                loss = F.mse_loss(model(x), y)
                opt.zero_grad()
                loss.backward()
                opt.step()
                losses.append(loss)
            return sum(losses) / len(losses)
        """,
    ),
    "losses in a list of a dict": (
        "CNV502",
        """
        def f(model: nn.Module, loader, opt):
            history = {"loss": []}
            for x, y in loader:
                loss = F.mse_loss(model(x), y)
                opt.zero_grad()
                loss.backward()
                opt.step()
                history["loss"].append(loss)
            return history
        """,
    ),
    "an attribute that losses are added to": (
        "CNV501",
        """
        class Trainer:
            def __init__(self, model, opt):
                self.model, self.opt, self.total = model, opt, 0.0
            def step(self, x, y):
                loss = F.mse_loss(self.model(x), y)
                self.opt.zero_grad()
                loss.backward()
                self.opt.step()
                self.total += loss
                return loss.item()
        """,
    ),
    "meters in a dict": (
        "CNV501",
        """
        def f(model: nn.Module, loader, opt):
            meters = {"loss": 0.0, "right": 0.0}
            for x, y in loader:
                loss = F.mse_loss(model(x), y)
                opt.zero_grad()
                loss.backward()
                opt.step()
                meters["loss"] += loss
            return meters
        """,
    ),
    "a validation that nobody has told so": (
        "CNV501",
        """
        def f(model: nn.Module, loader, optimizer, held_out):
            for x, y in loader:
                F.cross_entropy(model(x), y).backward()
                optimizer.step()
            total = 0
            model.eval()
            for x, y in held_out:
                total += F.cross_entropy(model(x), y)
            print("validation", total.item() / len(loader))
        """,
    ),
}


@pytest.mark.parametrize(("code", "hazard"), COMMON.values(), ids=COMMON.keys())
def test_common_mistakes_are_shown(code: str, hazard: str) -> None:
    assert code in codes_shown(hazard, HEAD)


def test_an_item_is_written_by_the_name_of_what_holds_it() -> None:
    code = """
        class Cache:
            def __init__(self):
                self.pool = {}
            def get(self, n, device):
                slot = torch.empty(n)
                if slot.device.type == "cpu":
                    slot = slot.numpy()
                return slot
            def f(self, given, device):
                slots = []
                for one in given[0]:
                    slots.append(self.get(len(given), device))
                for i in range(9):
                    for k, one in enumerate(given):
                        slots[i][k] = one
                    if isinstance(slots[i], np.ndarray):
                        slots[i] = torch.from_numpy(slots[i])
                    slots[i] = slots[i].to(device)
                return slots
    """
    assert "CNV201" not in found(code)


def test_an_attribute_made_of_another_one_is_told_of_on_request() -> None:
    code = """
        class Kept:
            def __init__(self, n):
                self.counts = torch.zeros(n)
                self.mean = None
            def add(self, i):
                self.counts[i] += 1
                return i
            def finish(self):
                self.mean = self.counts.cpu().numpy()
    """
    assert "CNV201" not in codes_shown(code, HEAD)
    assert "CNV201" in codes_shown(code, HEAD, "CNV201")


def test_a_gradient_that_makes_room_for_another_stays_as_it_is() -> None:
    code = """
    def f(opt):
        old_grads = []
        for group in opt.param_groups:
            for p in group["params"]:
                old_grads.append(p.grad)
                p.grad{}
        opt.step()
        return old_grads
    """
    assert "CNV203" in found(code.format(".zero_()"), "import torch\n")
    assert "CNV203" not in found(code.format(" = torch.zeros_like(p)"), "import torch\n")
