"""False alarms of the past, each beside the hazard that it was taken for. With the rules that these are about."""

from __future__ import annotations

import textwrap

import pytest
from snippets import HEADER

from torchconv_lint.lint import lint_source
from torchconv_lint.model import Confidence
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source

PAIRS = {
    "where the text of a device tells that it is the CPU": (
        "CNV101",
        """
        def f(x: torch.Tensor):
            device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
            y = x.to(device)
            if not str(device).startswith("cpu"):
                return y.numpy()
        """,
        """
        def f(x: torch.Tensor):
            device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
            y = x.to(device)
            if str(device).startswith("cpu"):
                return y.numpy()
        """,
    ),
    "where a name of a device tells that it is the CPU": (
        "CNV101",
        """
        def f(x: torch.Tensor):
            device = "cuda" if torch.cuda.is_available() else "cpu"
            y = x.to(device)
            if device.startswith("cuda"):
                return y.numpy()
        """,
        """
        def f(x: torch.Tensor):
            device = "cuda" if torch.cuda.is_available() else "cpu"
            y = x.to(device)
            if device.startswith("cpu"):
                return y.numpy()
        """,
    ),
    "what is not for torch": (
        "CNV101",
        """
        def f(net: nn.Module, batch, device, framework):
            scores = net.to(device)(batch.to(device))
            return scores.numpy() if framework == "pt" else None
        """,
        """
        def f(net: nn.Module, batch, device, framework):
            scores = net.to(device)(batch.to(device))
            return scores.cpu().numpy() if framework == "pt" else scores.numpy()
        """,
    ),
    "what looks at the gradients of a backward pass": (
        "CNV519",
        """
        def apply_backward(given, x):
            print(given, x)

        def f(given, x: torch.Tensor):
            leaf = x.detach().clone().requires_grad_(True)
            apply_backward(given, leaf)
        """,
        """
        def assert_backward(given, x):
            print(given, x)

        def f(given, x: torch.Tensor):
            leaf = x.detach().clone().requires_grad_(True)
            assert_backward(given, leaf)
        """,
    ),
    "a call that leaves out what has to be given": (
        "CNV402",
        """
        def mask(size, rows):
            if size.sum(0) >= rows:
                return size

        def f():
            return mask(size=torch.ones(3, 4), rows=1)
        """,
        """
        def mask(this, size, rows):
            if size.sum(0) >= rows:
                return size

        def f():
            return mask(size=torch.ones(3, 4), rows=1)
        """,
    ),
    "a field that is a list of tensors until somebody puts one there": (
        "CNV402",
        """
        class Request:
            embeds: Optional[torch.Tensor] = None

        class Stage(nn.Module):
            def forward(self, request: Request):
                return self.size(request)

            def size(self, request: Request):
                embeds = getattr(request, "embeds", None)
                if embeds:
                    return embeds.unsqueeze(0)
        """,
        """
        class Request:
            embeds: Union[List[torch.Tensor], torch.Tensor] = []

        class Stage(nn.Module):
            def forward(self, request: Request):
                return self.size(request)

            def size(self, request: Request):
                embeds = getattr(request, "embeds", None)
                if embeds:
                    return embeds[0].shape[0]
        """,
    ),
    "a loss that is divided by what is called after gradients": (
        "CNV501",
        """
        def f(net: nn.Module, loader, accelerator, grad_steps):
            total = 0.0
            for x in loader:
                total = total + net(x).mean()
            print(total.item())
        """,
        """
        def f(net: nn.Module, loader, accelerator, grad_steps):
            total = 0.0
            for x in loader:
                total = total + net(x).mean()
            accelerator.backward(total / grad_steps)
        """,
    ),
    "a sum of what one scaled step goes back through": (
        "CNV501",
        """
        def f(net: nn.Module, loader, scaler, optimizer):
            total = torch.zeros([])
            for x, y in loader:
                part = F.mse_loss(net(x), y)
                loss = part / 4
                scaler.scale(loss).backward()
                scaler.step(optimizer)
                total += part
            return total.item()
        """,
        """
        def f(net: nn.Module, parts, scaler, optimizer):
            total = torch.zeros([])
            for x, y in parts:
                part = F.mse_loss(net(x), y)
                loss = part / 4
                scaler.scale(loss).backward()
                total += part
            scaler.step(optimizer)
            return total.item()
        """,
    ),
    "what the layers of a module add up": (
        "CNV501",
        """
        class Flow(Base):
            def __init__(self, layers):
                self.layers = nn.ModuleList(layers)

            def volume(self, data, count):
                for i in range(len(data)):
                    spread = torch.zeros(3)
                    for j in range(count):
                        z = self.encoder(data[i]).embedding
                        for layer in self.layers:
                            out = layer(z)
                            z = out.z
                            spread += out.spread
                    print(spread.sum().item())
        """,
        """
        class Flow(Base):
            def __init__(self, layers):
                self.layers = nn.ModuleList(layers)

            def volume(self, data, count):
                for i in range(len(data)):
                    for j in range(count):
                        z = self.encoder(data[i]).embedding
                        spread = torch.zeros(3)
                        for layer in self.layers:
                            out = layer(z)
                            z = out.z
                            spread += out.spread
                        print(spread.sum().item())
        """,
    ),
    "a copy that each round makes for itself": (
        "CNV203",
        """
        class Trainer:
            def fit(self, model, loader, optimizer):
                for epoch in range(9):
                    for x, y in loader:
                        F.mse_loss(model(x), y).backward()
                        optimizer.step()
                    if self.is_better():
                        best_model = model
                        self.best_model = best_model
                    self.best_model(x)
        """,
        """
        class Trainer:
            def fit(self, model, loader, optimizer):
                for epoch in range(9):
                    for x, y in loader:
                        F.mse_loss(model(x), y).backward()
                        optimizer.step()
                    if self.is_better():
                        best_model = copy.deepcopy(model)
                        self.best_model = best_model
                    self.best_model(x)
        """,
    ),
    "memory that is filled to be sent off": (
        "CNV201",
        """
        class Stage:
            def __init__(self):
                self.host = torch.zeros(2, 8)

            def put(self, rows):
                host = self.host
                view = host.numpy()
                for index, row in enumerate(rows):
                    view[index] = row
                return host.mean()
        """,
        """
        class Stage:
            def __init__(self):
                self.host = torch.zeros(2, 8)

            def put(self, rows):
                host = self.host
                view = host.numpy()
                for index, row in enumerate(rows):
                    view[index] = row
                self.there.copy_(host, non_blocking=True)
        """,
    ),
    "a function that is compiled for arrays": (
        "CNV413",
        """
        from numba import jit

        def nearest(points):
            return [int(round(point[0])) for point in points]

        def f(points: torch.Tensor):
            return nearest(points)
        """,
        """
        from numba import jit

        @jit(nopython=True)
        def nearest(points):
            return [int(round(point[0])) for point in points]

        def f(points: torch.Tensor):
            return nearest(points)
        """,
    ),
    "a field that is said to be another class's": (
        "CNV402",
        """
        class Group:
            buffer: Optional[torch.Tensor] = None

        def f(groups):
            for group in groups:
                if group.buffer:
                    group.buffer.data.zero_()
        """,
        """
        class Buffer:
            data: torch.Tensor

        class Group:
            buffer: Optional[Buffer] = None

        def f(groups):
            for group in groups:
                if group.buffer:
                    group.buffer.data.zero_()
        """,
    ),
    "an array that a caller's stream fills": (
        "CNV611",
        """
        def f(x: torch.Tensor, as_numpy):
            there = x.to(torch.device("cpu"), non_blocking=True)
            if as_numpy:
                there = there.numpy()
            return there
        """,
        """
        def f(x: torch.Tensor, as_numpy):
            there = x.to(torch.device("cpu"), non_blocking=True)
            if as_numpy:
                there = there.numpy()
            x.record_stream(torch.cuda.current_stream())
            return there
        """,
    ),
    "an element of what several devices gave": (
        "CNV401",
        """
        def f(net, x):
            net = nn.DataParallel(net)
            boxes, scores = net(x)
            return int(boxes)
        """,
        """
        def f(net, x):
            net = nn.DataParallel(net)
            boxes, scores = net(x)
            for i in range(3):
                box = boxes[i, :]
                show(int(box[0]), int(scores[i]))
        """,
    ),
    "two constants that one name cannot equal at once": (
        "CNV304",
        """
        def f(values, form):
            tensors = {"a": np.array(values)}
            if form == "pytorch":
                return torch.from_numpy(tensors)
        """,
        """
        def f(values, form):
            tensors = np.array(values)
            if form == "safetensors":
                tensors = {"a": tensors}
                save(tensors)
            if form == "pytorch":
                return torch.from_numpy(tensors)
        """,
    ),
    "what is joined to something on the host": (
        "CNV101",
        """
        def f(values, padding, device):
            padding = torch.zeros(1, 3).to(device)
            return torch.cat([values, padding]).numpy()
        """,
        """
        def f(values, device):
            padding = torch.zeros(1, 3).to(device)
            return torch.cat([torch.tensor(values), padding]).numpy()
        """,
    ),
    "what is added to something on the host": (
        "CNV101",
        """
        def f(device):
            padding = torch.zeros(1, 3).to(device)
            return (torch.tensor(1.0) + padding).numpy()
        """,
        """
        def f(device):
            padding = torch.zeros(1, 3).to(device)
            return (torch.ones(3) + padding).numpy()
        """,
    ),
    "a tuple of arguments that is spread": (
        "CNV402",
        """
        def decode(scores, limit=None):
            return scores if scores else limit
        def f(x: torch.Tensor, limit):
            args = (torch.ones(3, 4), limit)
            return decode(*args)
        """,
        """
        def decode(scores, limit=None):
            return scores if limit else None
        def f(x: torch.Tensor, limit):
            args = (torch.ones(3, 4), limit)
            return decode(*args)
        """,
    ),
    "an attribute that a method, called once, replaces": (
        "CNV304",
        """
        def f():
            features = torch.ones(3, device="cpu")
            return torch.from_numpy(features)
        """,
        """
        class D:
            def __init__(self, hf):
                self.features = np.array(hf.get("features"))
                self.tensorize()
            def tensorize(self):
                self.features = torch.from_numpy(self.features)
        """,
    ),
    "an attribute of what was moved": (
        "CNV111",
        """
        def f(path, device, z):
            net = load(path).to(device)
            np.savez("x.npz", size=net(z))
        """,
        """
        def f(path, device, z):
            net = load(path).to(device)
            np.savez("x.npz", size=net.z_dim)
        """,
    ),
    "a flag that says what is a tensor, and the name bound anew": (
        "CNV112",
        """
        def f(net: nn.Module, x, opt):
            y = net(x)
            opt.step()
            known = isinstance(x, torch.Tensor)
            y = 2**y
            return y.clamp(1, 2) if known else np.clip(y, 1, 2)
        """,
        """
        def f(net: nn.Module, x, opt):
            y = net(x)
            opt.step()
            known = isinstance(y, torch.Tensor)
            y = 2**y
            return y.clamp(1, 2) if known else np.clip(y, 1, 2)
        """,
    ),
    "what a model gives beside its first output": (
        "CNV102",
        """
        def f(model: nn.Module, x, opt):
            out, given = model(x)
            opt.step()
            return out.numpy()
        """,
        """
        def f(model: nn.Module, x, opt):
            out, given = model(x)
            opt.step()
            return given.numpy()
        """,
    ),
    "a number of dimensions that was asked": (
        "CNV401",
        """
        def f(a: torch.Tensor, b: torch.Tensor):
            value = torch.ones(3, 4)
            if a.ndim == 2:
                return value.item()
        """,
        """
        def f(a: torch.Tensor, b: torch.Tensor):
            value = torch.ones(3, 4)
            if value.ndim in (0, 1):
                return value.item()
        """,
    ),
    "a percentile of all elements is a number": (
        "CNV111",
        """
        def f(x: torch.Tensor):
            x = x.cuda()
            return x - np.percentile(x.cpu().numpy(), [1, 99])
        """,
        """
        def f(x: torch.Tensor):
            x = x.cuda()
            return x - np.percentile(x.cpu().numpy(), 1)
        """,
    ),
    "a loss under the name of one that goes backward elsewhere": (
        "CNV502",
        """
        def f(policy, loader, other, step):
            history = []
            for x in loader:
                found = step(x, policy)
                found["loss"].backward()
                history.append(found)
            return history
        """,
        """
        def f(policy, loader, other, step):
            history = []
            with torch.inference_mode():
                for x in loader:
                    found = step(x, policy)
                    history.append(found)
            for x in other:
                found = step(x, policy)
                found["loss"].backward()
            return history
        """,
    ),
    "a list that becomes one tensor": (
        "CNV502",
        """
        def f(model: nn.Module, loader):
            outputs = []
            for x in loader:
                outputs.append(model(x).mean())
            print(len(outputs))
        """,
        """
        def f(model: nn.Module, loader):
            outputs = []
            for x in loader:
                outputs.append(model(x).mean())
            print(torch.stack(outputs).mean())
        """,
    ),
    "the device of what was made here": (
        "CNV101",
        """
        def f(body, weights: torch.Tensor):
            return weights.to(body.device).numpy()
        """,
        """
        def f(body, weights: torch.Tensor):
            points = make(body).vertices
            return weights.to(points.device).numpy()
        """,
    ),
    "a flag among what the command line gave": (
        "CNV401",
        """
        def parse_args():
            return parser.parse_args()
        def main(data):
            args = parse_args()
            net = make(3)
            if args.several:
                net = nn.DataParallel(net)
            loss = net(data)
            if not args.verbose:
                print(loss.item())
        """,
        """
        def parse_args():
            return parser.parse_args()
        def main(data):
            args = parse_args()
            net = make(3)
            if args.several:
                net = nn.DataParallel(net)
            loss = net(data)
            if not args.several:
                print(loss.item())
        """,
    ),
    "a flag of an imported object": (
        "CNV401",
        """
        from options import args
        def main(data):
            net = make(3)
            if args.several:
                net = nn.DataParallel(net)
            loss = net(data)
            if not args.verbose:
                print(loss.item())
        """,
        """
        from options import args
        def main(data):
            net = make(3)
            if args.several:
                net = nn.DataParallel(net)
            loss = net(data)
            if not args.several:
                print(loss.item())
        """,
    ),
    "an array that is made in order to be written": (
        "CNV201",
        """
        def f(picked):
            features = torch.zeros(4, 2)
            view = features.numpy()
            view += 1
            return features
        """,
        """
        def f(picked):
            features = torch.zeros(4, 2)
            features.numpy()[picked] += 1
            return features
        """,
    ),
    "items of an array that would have to be tensors": (
        "CNV201",
        """
        def f(actions: torch.Tensor):
            items = actions.numpy()
            for i in range(len(items)):
                items[i] = items[i] + 1
            return items, actions
        """,
        """
        def f(actions: torch.Tensor):
            items = actions.numpy()
            for i in range(len(items)):
                if isinstance(items[i], torch.Tensor):
                    items[i] = items[i] + 1
            return items, actions
        """,
    ),
    "dicts of lists of different lengths": (
        "CNV411",
        """
        def f(net: nn.Module):
            groups = [p for p in net.parameters()]
            groups.remove(groups[-1])
        """,
        """
        def f(net: nn.Module):
            groups = [{"params": [p for p in net.parameters()]}, {"params": []}]
            groups.remove(groups[-1])
        """,
    ),
    "the data of a packed sequence": (
        "CNV513",
        """
        def f(x: torch.Tensor):
            out = nn.Linear(3, 4)(x)
            out.data.sum().backward()
        """,
        """
        def f(x: torch.Tensor, lengths):
            out, _ = nn.RNN(3, 4)(nn.utils.rnn.pack_padded_sequence(x, lengths))
            out.data.sum().backward()
        """,
    ),
    "a model that is frozen where it is made": (
        "CNV102",
        """
        import copy
        def f(kwargs, device, zs, opt):
            net = build(**kwargs).train().to(device)
            copied = copy.deepcopy(net).eval()
            opt.step()
            return torch.cat([copied(z).cpu() for z in zs]).numpy()
        """,
        """
        import copy
        def f(kwargs, device, zs, opt):
            net = build(**kwargs).train().requires_grad_(False).to(device)
            copied = copy.deepcopy(net).eval()
            opt.step()
            return torch.cat([copied(z).cpu() for z in zs]).numpy()
        """,
    ),
    "a module with nothing but buffers": (
        "CNV102",
        """
        class Memory(nn.Module):
            def __init__(self, n):
                super().__init__()
                self.steps = 3
                self.kernel = nn.Parameter(torch.ones(n))
            def forward(self, x):
                return scan(self.kernel, self.steps)(x)
        def f(x, opt):
            opt.step()
            return Memory(3)(x).numpy()
        """,
        """
        class Memory(nn.Module):
            def __init__(self, n):
                super().__init__()
                self.steps = 3
                self.register_buffer("kernel", torch.ones(n))
            def forward(self, x):
                return scan(self.kernel, self.steps)(x)
        def f(x, opt):
            opt.step()
            return Memory(3)(x).numpy()
        """,
    ),
    "the output of a module, where grad is off": (
        "CNV102",
        """
        def f(net: nn.Module, x, opt):
            return net(x).numpy()
        """,
        """
        def f(net: nn.Module, x, opt):
            with torch.no_grad():
                return net(x).numpy()
        """,
    ),
    "what a method that is called here is given, of which its caller knows nothing": (
        "CNV101",
        """
        class Layer:
            def rows(self, atoms: torch.Tensor):
                return torch.sum(atoms[1:], 0).numpy()

            def forward(self, inputs):
                atoms, made = inputs[0], torch.zeros(2)
                return self.rows(atoms), made
        """,
        """
        class Layer:
            def rows(self, atoms: torch.Tensor):
                return torch.sum(atoms[1:], 0).numpy()

            def forward(self, inputs):
                atoms, made = inputs[0].cpu(), torch.zeros(2)
                return self.rows(atoms), made
        """,
    ),
    "the output of a model that was loaded": (
        "CNV102",
        """
        def f(path):
            x = torch.randn(3, 4)
            model = torch.load(path)
            return model(x).cpu()[0].numpy()
        """,
        """
        @torch.no_grad()
        def f(path):
            x = torch.randn(3, 4)
            model = torch.load(path)
            return model(x).cpu()[0].numpy()
        """,
    ),
    "a loss put into a record that is returned": (
        "CNV502",
        """
        def f(net: nn.Module, x, n):
            stats = dict.fromkeys(range(n))
            loss = net(x).mean()
            loss.backward()
            stats[0] = loss
            return stats
        """,
        """
        def f(net: nn.Module, x, n):
            stats = np.zeros(n)
            loss = net(x).mean()
            loss.backward()
            stats[0] = loss
            return stats
        """,
    ),
    "a number under the name of a loss that went backward": (
        "CNV122",
        """
        def f(net: nn.Module, x):
            loss = net(x).mean()
            loss.backward()
            return np.array([loss])
        """,
        """
        def f(net: nn.Module, x):
            loss = net(x).mean()
            loss.backward()
            loss = loss.data.cpu().numpy()[0]
            return np.array([loss])
        """,
    ),
    "a method that is given arrays gives arrays": (
        "CNV114",
        """
        class M(nn.Module):
            def __init__(self):
                super().__init__()
                self.model = Forecast().to("cuda")
            def forecast(self, x):
                return np.mean(self.model.predict(x), axis=1)
        """,
        """
        class M(nn.Module):
            def __init__(self):
                super().__init__()
                self.model = Forecast().to("cuda")
            def forecast(self, x):
                return np.mean(self.model.predict(x.cpu().numpy()), axis=1)
        """,
    ),
    "a net that is never moved refuses before": (
        "CNV111",
        """
        def f(a: np.ndarray):
            x = torch.from_numpy(a).to("cuda" if torch.cuda.is_available() else "cpu")
            net = nn.Linear(3, 3)
            place(net)
            y = net(x)
            return np.histogram(x)
        """,
        """
        def f(a: np.ndarray):
            x = torch.from_numpy(a).to("cuda" if torch.cuda.is_available() else "cpu")
            net = nn.Linear(3, 3)
            y = net(x)
            return np.histogram(x)
        """,
    ),
    "nets that are never moved refuse before": (
        "CNV111",
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = nn.Linear(3, 3)
            def forward(self, x):
                return self.layer(x)
        def f(a: np.ndarray):
            device = "cuda" if torch.cuda.is_available() else "cpu"
            x, w = torch.from_numpy(a).to(device), torch.ones(3).to(device)
            nets = {"a": Net()}
            for net in nets.values():
                net.to(device)
            y = nets["a"](x)
            return np.histogram(w)
        """,
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = nn.Linear(3, 3)
            def forward(self, x):
                return self.layer(x)
        def f(a: np.ndarray):
            device = "cuda" if torch.cuda.is_available() else "cpu"
            x, w = torch.from_numpy(a).to(device), torch.ones(3).to(device)
            nets = {"a": Net()}
            for net in nets.values():
                print(net)
            y = nets["a"](x)
            return np.histogram(w)
        """,
    ),
    "items that a loop replaces": (
        "CNV121",
        """
        def f(n):
            parts = [torch.ones(3).cuda() for _ in range(n)]
            for i in range(n - 1):
                parts[i] = parts[i].cpu()
            return np.stack(parts)
        """,
        """
        def f(n):
            parts = [torch.ones(3).cuda() for _ in range(n)]
            for i in range(len(parts)):
                parts[i] = parts[i].cpu()
            return np.stack(parts)
        """,
    ),
    "items of a dict that a loop replaces": (
        "CNV101",
        """
        def f(x):
            parts = {"a": x.cuda(), "b": x.cuda()}
            for name in parts:
                parts[name + "_"] = parts[name].cpu()
            return parts["a"].numpy()
        """,
        """
        def f(x):
            parts = {"a": x.cuda(), "b": x.cuda()}
            for name in parts:
                parts[name] = parts[name].cpu()
            return parts["a"].numpy()
        """,
    ),
    "an item that is replaced before it is used": (
        "CNV111",
        """
        def f(xs, other, i):
            xs = [x.cuda() for x in xs]
            xs[i] = xs[i].cpu()
            i = other
            return np.histogram(xs[i])
        """,
        """
        def f(xs, other, i):
            xs = [x.cuda() for x in xs]
            xs[i] = xs[i].cpu()
            return np.histogram(xs[i])
        """,
    ),
    "another item of the dict that keeps the weights": (
        "CNV203",
        """
        def f(net: nn.Module, optimizer, loader):
            kept = {"losses": [], "net": None}
            for x in loader:
                kept["best"] = net.state_dict()
                net(x).sum().backward()
                optimizer.step()
                net.load_state_dict(kept["best"])
        """,
        """
        def f(net: nn.Module, optimizer, loader):
            kept = {"losses": [], "net": None}
            for x in loader:
                kept["best"] = net.state_dict()
                net(x).sum().backward()
                optimizer.step()
                kept["losses"].append(1)
        """,
    ),
    "a type of an accelerator's tensors": (
        "CNV101",
        """
        from torch.cuda import FloatTensor as OnCuda
        def f(device):
            x = torch.ones(3, device=device)
            x = x if isinstance(x, OnCuda) else x.cpu()
            return x.numpy()
        """,
        """
        from torch.cuda import FloatTensor as OnCuda
        def f(device):
            x = torch.ones(3, device=device)
            x = x.cpu() if isinstance(x, OnCuda) else x
            return x.numpy()
        """,
    ),
    "the text of a tensor's type": (
        "CNV101",
        """
        def f(device):
            x = torch.ones(3, device=device)
            if x.type() != "torch.cuda.FloatTensor":
                x = x.cpu()
            return x.numpy()
        """,
        """
        def f(device):
            x = torch.ones(3, device=device)
            if x.type() == "torch.cuda.FloatTensor":
                x = x.cpu()
            return x.numpy()
        """,
    ),
    "the start of the text of a device": (
        "CNV101",
        """
        def f(device):
            x = torch.ones(3, device=device)
            if str(x.device).startswith("cpu"):
                x = x.cpu()
            return x.numpy()
        """,
        """
        def f(device):
            x = torch.ones(3, device=device)
            if not str(x.device).startswith("cpu"):
                x = x.cpu()
            return x.numpy()
        """,
    ),
    "a branch without an accelerator": (
        "CNV101",
        """
        class A:
            def __init__(self, device):
                self.net = build().to(device)
            def f(self, x):
                y = self.net(x).argmax(1)
                if torch.cuda.is_available():
                    return y.numpy()
                return y.cpu().numpy()
        """,
        """
        class A:
            def __init__(self, device):
                self.net = build().to(device)
            def f(self, x):
                y = self.net(x).argmax(1)
                if torch.cuda.is_available():
                    return y.cpu().numpy()
                return y.numpy()
        """,
    ),
    "what is turned round is an array": (
        "CNV111",
        """
        def f(shape, boxes, device, flag):
            size = torch.ones(2, device=device) if flag else shape
            return np.minimum(boxes, size[:2])
        """,
        """
        def f(shape, boxes, device, flag):
            size = torch.ones(2, device=device) if flag else shape
            return np.minimum(boxes, size[::-1])
        """,
    ),
    "the device of what a caller has": (
        "CNV111",
        """
        def grid(x):
            return torch.arange(3, device=x.device)
        def f(device):
            return np.histogram(grid(torch.ones(3, device=device)))
        """,
        """
        def grid(x):
            return torch.arange(3, device=x.device)
        def f(path):
            x = read(path)
            return np.histogram(grid(x))
        """,
    ),
    "a parameter that the constructor may have frozen": (
        "CNV112",
        """
        class Net(nn.Module):
            def __init__(self, n):
                super().__init__()
                self.out = nn.Parameter(torch.ones(n, 3))
        def f():
            return np.histogram(Net(3).out)
        """,
        """
        class Net(nn.Module):
            def __init__(self, n, trained=False):
                super().__init__()
                self.out = nn.Parameter(torch.ones(n, 3))
                if not trained:
                    self.out.requires_grad = False
        def f():
            return np.histogram(Net(3).out)
        """,
    ),
    "settings that are spread and name no device": (
        "CNV101",
        """
        def make(n, periodic=True, device: torch.device = None):
            return torch.ones(n, device=device)
        def f(n, device):
            settings = {"periodic": False, "device": device}
            return make(n, **settings).numpy()
        """,
        """
        def make(n, periodic=True, device: torch.device = None):
            return torch.ones(n, device=device)
        def f(n, device):
            settings = {"periodic": False}
            return make(n, **settings).numpy()
        """,
    ),
    "a method of an unseen model that gets nothing from there": (
        "CNV121",
        """
        def f(batches, device):
            net = build().to(device)
            found = [net(batch.to(device)) for batch in batches]
            return np.mean(found)
        """,
        """
        def f(batches, device):
            net = build().to(device)
            found = [net.update(list(batch)) for batch in batches]
            return np.mean(found)
        """,
    ),
    "an index that picks several": (
        "CNV204",
        """
        def f(xyz: torch.Tensor, idx):
            group = xyz.unsqueeze(1)
            group -= 1
            return group
        """,
        """
        def f(xyz: torch.Tensor, idx):
            group = xyz[idx.view(-1).long(), :]
            group -= 1
            return group
        """,
    ),
    "what is expanded is not written": (
        "CNV204",
        """
        def f(weights: torch.Tensor, n: int):
            spread = weights.unsqueeze(1)
            spread *= n
            return spread
        """,
        """
        def f(weights: torch.Tensor, n: int):
            spread = weights.unsqueeze(1).expand(3, n)
            spread *= n
            return spread
        """,
    ),
    "something else that goes backward": (
        "CNV102",
        """
        def f(model: nn.Module, x):
            y = model(x)
            y.backward(retain_graph=True)
            return y.numpy()
        """,
        """
        def f(model, x):
            saliency = Saliency(model)
            chosen = saliency.forward(x)
            saliency.backward(ids=chosen)
            return saliency.numpy()
        """,
    ),
    "a list that is shuffled": (
        "CNV203",
        """
        def f(indices: np.ndarray, bounds):
            parts = []
            parts.append(indices)
            indices += 1
            return parts
        """,
        """
        def f(indices: np.ndarray, bounds):
            parts = []
            parts.append(indices)
            np.random.shuffle(parts)
            return parts
        """,
    ),
    "features that are converted two lines below": (
        "CNV502",
        """
        def f(loader, detector: nn.Module):
            parts = []
            for x in loader:
                parts.append(detector(x))
            show(len(parts))
        """,
        """
        def f(loader, detector: nn.Module):
            parts = []
            for x in loader:
                parts.append(detector(x))
            show([part.cpu().numpy() for part in parts])
        """,
    ),
    "torch or NumPy, chosen by another argument's type": (
        "CNV111",
        """
        def distance(pred, truth):
            lib = np
            return lib.ones_like(truth)
        def f(edges, device):
            return distance(edges, torch.as_tensor(edges, device=device))
        """,
        """
        def distance(pred, truth):
            lib = torch if isinstance(pred, torch.Tensor) else np
            return lib.ones_like(truth)
        def f(edges, device):
            return distance(edges, torch.as_tensor(edges, device=device))
        """,
    ),
    "a function chosen by the flag that chose the data": (
        "CNV111",
        """
        def f(flag, d, device):
            ceil = np.ceil
            d = torch.as_tensor(d, device=device) if flag else int(d)
            if flag:
                return ceil(d)
        """,
        """
        def f(flag, d, device):
            ceil = torch.ceil if flag else np.ceil
            d = torch.as_tensor(d, device=device) if flag else int(d)
            return ceil(d)
        """,
    ),
    "any two functions chosen by the flag that chose the data": (
        "CNV101",
        """
        def host(x):
            return x.numpy()
        def other(x):
            return x
        def f(flag, d: torch.Tensor):
            act = other if flag else host
            d = d if flag else d.to("cuda")
            return act(d)
        """,
        """
        def host(x):
            return x.numpy()
        def other(x):
            return x
        def f(flag, d: torch.Tensor):
            act = other if flag else host
            d = d.cuda() if flag else d
            return act(d)
        """,
    ),
    "numbers or tensors, told apart in another function": (
        "CNV111",
        """
        def grid(sizes):
            return [np.linspace(-d, d, 3) for d in sizes]
        def f(flag, d, device):
            return grid([torch.as_tensor(d, device=device)])
        """,
        """
        def grid(sizes):
            return [np.linspace(-d, d, 3) for d in sizes]
        def f(flag, d, device):
            sizes = [torch.as_tensor(d, device=device) if flag else int(d)]
            if look_up(flag):
                return grid(sizes)
        """,
    ),
    "a flag that stands for the condition under which the memory is the caller's": (
        "CNV204",
        """
        def f(old: torch.Tensor, size: int, n: int, deep: bool):
            if size < 1 or size >= n:
                fast = True
                new = old
            else:
                if deep:
                    new = old
                else:
                    new = torch.empty_like(old)
                fast = False
            if deep:
                if not fast:
                    new[:] = old * 2
            return new
        """,
        """
        def f(old: torch.Tensor, size: int, n: int, deep: bool):
            if size < 1 or size >= n:
                fast = True
                new = old
            else:
                if deep:
                    new = torch.empty_like(old)
                else:
                    new = old
                fast = False
            if deep:
                if not fast:
                    new[:] = old * 2
            return new
        """,
    ),
    "a dummy that each type's branch replaces": (
        "CNV204",
        """
        def f(x: torch.Tensor, index):
            deg = x
            if isinstance(index, tuple):
                pass
            elif isinstance(index, torch.Tensor):
                deg = torch.bincount(index)
            deg.clamp_(max=3)
            return deg
        """,
        """
        def f(x: torch.Tensor, index):
            deg = x
            if isinstance(index, tuple):
                deg = index[0] * 2
            elif isinstance(index, torch.Tensor):
                deg = torch.bincount(index)
            deg.clamp_(max=3)
            return deg
        """,
    ),
    "what is kept of the value whose own type is asked": (
        "CNV204",
        """
        def f(x: Union[torch.Tensor, list, tuple]):
            y = x
            if isinstance(x, list):
                y = torch.tensor(x)
            elif isinstance(x, tuple):
                y = torch.stack(x)
            y.clamp_(max=3)
            return y.unsqueeze(0)
        """,
        """
        def f(x: Union[torch.Tensor, list, tuple]):
            y = x
            if isinstance(x, list):
                y = torch.tensor(x)
            else:
                y = torch.stack(x)
            y.clamp_(max=3)
            return y.unsqueeze(0)
        """,
    ),
    "what has been popped": (
        "CNV202",
        """
        class A(nn.Module):
            def f(self, other, labels, prefix, **kwargs):
                if other is not None:
                    other = torch.cat((prefix, other), dim=1)
                kwargs.update({"other": other})
                if labels:
                    return self.g(labels, **kwargs)
            def g(self, labels, device, **kwargs):
                if "mask" in kwargs.keys():
                    mask = kwargs.get("mask").detach()
                else:
                    mask = torch.ones((2, 3)).to(device) * 4
                if labels is not None:
                    mask[mask > 0] += labels.max()
                    total = torch.cat((labels, mask), dim=1)
                return self.net(total, **kwargs)
        """,
        """
        class A(nn.Module):
            def f(self, other, labels, prefix, **kwargs):
                if other is not None:
                    other = torch.cat((prefix, other), dim=1)
                kwargs.update({"other": other})
                if labels:
                    return self.g(labels, **kwargs)
            def g(self, labels, device, **kwargs):
                if "mask" in kwargs.keys():
                    mask = kwargs.pop("mask").to(device)
                else:
                    mask = torch.ones((2, 3)).to(device) * 4
                if labels is not None:
                    mask[mask > 0] += labels.max()
                    total = torch.cat((labels, mask), dim=1)
                return self.net(total, **kwargs)
        """,
    ),
    "the state that a function has trained": (
        "CNV203",
        """
        def train(net, batches):
            optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
            for x in batches:
                optimizer.zero_grad()
                net(x).mean().backward()
                optimizer.step()
            return net.state_dict()
        def f(net: nn.Module, batches):
            best = None
            for epoch in range(3):
                state = train(net, batches)
                if best is None:
                    best = state
            net.load_state_dict(best)
        """,
        """
        def train(net, batches):
            optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
            for x in batches:
                optimizer.zero_grad()
                net(x).mean().backward()
                optimizer.step()
            return net.state_dict()
        def f(net: nn.Module, batches):
            states = []
            for epoch in range(3):
                state = train(net, batches)
                states.append({k: v.clone() for k, v in state.items()})
            return states
        """,
    ),
    "a sum that becomes part of the loss of an output": (
        "CNV501",
        """
        class A:
            def f(self, x):
                out = self.model(x)
                total = 0
                for layer in self.model.layers:
                    for p in layer.parameters():
                        total += (p ** 2).sum()
                out.total = total.item()
                return out
        """,
        """
        class A:
            def f(self, x):
                out = self.model(x)
                total = 0
                for layer in self.model.layers:
                    for p in layer.parameters():
                        total += (p ** 2).sum()
                out.loss += 0.5 * total
                return out
        """,
    ),
    "outputs of the few nets that are compared": (
        "CNV502",
        """
        nets = [nn.Linear(1, 1), nn.Linear(1, 1)]
        def f(x):
            pres = []
            for epoch in range(10):
                for net in nets:
                    pres.append(net(x))
            print(pres)
        """,
        """
        nets = [nn.Linear(1, 1), nn.Linear(1, 1)]
        def f(x):
            for epoch in range(10):
                pres = []
                for net, kept in zip(nets, [[], []]):
                    pres.append(net(x))
                print(pres)
        """,
    ),
    "a sum over the parameters that each step makes anew": (
        "CNV501",
        """
        def f(net: nn.Linear, loader, optimizer):
            penalty = torch.tensor(0.0)
            for x in loader:
                loss = net(x).sum()
                for param in net.parameters():
                    penalty += torch.norm(param, 2)
                loss.backward()
                optimizer.step()
        """,
        """
        def f(net: nn.Linear, loader, optimizer):
            for x in loader:
                loss = net(x).sum()
                penalty = torch.tensor(0.0)
                for param in net.parameters():
                    penalty += torch.norm(param, 2)
                loss.backward()
                optimizer.step()
        """,
    ),
    "a sum over numbered parameters": (
        "CNV501",
        """
        def f(net: nn.Linear, rows):
            penalty = torch.tensor(0.0)
            for i, row in enumerate(rows):
                penalty += net(row).sum()
            return penalty.item()
        """,
        """
        def f(net: nn.Linear, rows):
            penalty = torch.tensor(0.0)
            for i, param in enumerate(net.parameters()):
                penalty += torch.norm(param, i)
            return penalty.item()
        """,
    ),
    "a tensor that grows along each of its dimensions": (
        "CNV501",
        """
        def f(net: nn.Linear, rows):
            kept = torch.zeros(3)
            for row in rows:
                kept = kept + net(row)
            return kept.sum().item()
        """,
        """
        def f(net: nn.Linear, old):
            kept = torch.zeros(3)
            for dim in range(len(old.shape)):
                kept = kept + net(old.narrow(dim, 0, 1))
            return kept.sum().item()
        """,
    ),
    "an input whose gradient is read": (
        "CNV519",
        """
        def f(other, grad):
            loss = torch.rand(5, 5) * (3 - other) + other
            loss.requires_grad = True
            loss.t().backward(grad)
            return loss
        """,
        """
        def f(other, grad):
            x = torch.rand(5, 5) * (3 - other) + other
            x.requires_grad = True
            x.t().backward(grad)
            return x.grad
        """,
    ),
    "an input of which backward sees what is picked": (
        "CNV519",
        """
        def f(other, grad):
            loss = torch.rand(5, 5) * (3 - other) + other
            loss.requires_grad = True
            loss.backward(grad)
            return loss
        """,
        """
        def f(other, grad):
            x = torch.rand(5, 5) * (3 - other) + other
            x.requires_grad = True
            x[[0, 1]].backward(grad)
            return x
        """,
    ),
    "a decorator that brings the result to the host": (
        "CNV111",
        """
        def timed(function):
            def call(*args, **kwargs):
                result = function(*args, **kwargs)
                print("done")
                return result
            return call
        @timed
        def value(net: nn.Linear, x):
            return net.to('cuda')(x.to('cuda')).detach()
        def f(net, x):
            return np.asarray(value(net, x))
        """,
        """
        def on_host(function):
            def call(*args, **kwargs):
                result = function(*args, **kwargs)
                return result.cpu().numpy()
            return call
        @on_host
        def value(net: nn.Linear, x):
            return net.to('cuda')(x.to('cuda')).detach()
        def f(net, x):
            return np.asarray(value(net, x))
        """,
    ),
    "a decorator with arguments of its own that forgets the result": (
        "CNV111",
        """
        def with_(name):
            def wrap(function):
                async def call(net, x):
                    if name:
                        return await function(net, x)
                    return None
                return call
            return wrap
        @with_('a')
        def value(net: nn.Linear, x):
            return net.to('cuda')(x.to('cuda')).detach()
        def f(net, x):
            return np.asarray(value(net, x))
        """,
        """
        def with_(name):
            def wrap(function):
                def call(net, x):
                    function(net, x)
                return call
            return wrap
        @with_('a')
        def value(net: nn.Linear, x):
            return net.to('cuda')(x.to('cuda')).detach()
        def f(net, x):
            return np.asarray(value(net, x))
        """,
    ),
    "a decorator that turns arguments round": (
        "CNV111",
        """
        def turned(function):
            def call(net, x):
                return function(net, x)
            return call
        @turned
        def value(net: nn.Linear, x):
            return net.to('cuda')(x.to('cuda')).detach()
        def f(net, x):
            return np.asarray(value(net, x))
        """,
        """
        def turned(function):
            def call(x, net):
                return function(net, x)
            return call
        @turned
        def value(net: nn.Linear, x):
            return net.to('cuda')(x.to('cuda')).detach()
        def f(net, x):
            return np.asarray(value(net, x))
        """,
    ),
    "a flag that a call is seen to give a tensor": (
        "CNV402",
        """
        def loss(output, weight=None):
            if weight:
                output = output * weight
            return output
        def f(output):
            weight = torch.ones(3) if output is None else None
            return loss(output, weight)
        """,
        """
        def loss(output, weighted=False):
            if weighted:
                output = output * 2
            return output
        def f(output):
            weight = torch.ones(3) if output is None else None
            return loss(output, weight)
        """,
    ),
    "items by name": (
        "CNV114",
        """
        import tu
        def f():
            parts = tu.get({'labels': ['a', 'b']}).chunk(2)
            every = torch.cat(parts, dim=0)
            return np.all(every[0] == parts[0])
        """,
        """
        import tu
        def f():
            parts = tu.get({'labels': ['a', 'b']}).chunk(2)
            every = torch.cat(parts, dim=0)
            return np.all(every['labels'] == parts[0]['labels'])
        """,
    ),
    "a state that is loaded into other parts": (
        "CNV203",
        """
        def f(net: nn.Module, trainer):
            state = net.state_dict()
            trainer.search_for_rate(net)
            net.load_state_dict(state)
            return trainer
        """,
        """
        def f(net: nn.Module, mutator):
            state = net.state_dict()
            mutator.prepare_from_supernet(net)
            net.load_state_dict(state)
            return mutator
        """,
    ),
    "items that a loop brings to the host, some of them changed before": (
        "CNV101",
        """
        def f(groups, noise, device):
            acts = {}
            for g, x in groups.items():
                for a in g:
                    acts[a] = torch.as_tensor(x, device=device)
            for a, action in acts.items():
                if noise:
                    action = action * 2
                acts[a] = action.cuda()
            for a in acts:
                print(acts[a].numpy())
        """,
        """
        def f(groups, noise, device):
            acts = {}
            for g, x in groups.items():
                for a in g:
                    acts[a] = torch.as_tensor(x, device=device)
            for a, action in acts.items():
                if noise:
                    action = action * 2
                acts[a] = action.cpu()
            for a in acts:
                print(acts[a].numpy())
        """,
    ),
    "a dtype by its name, which is asked for again": (
        "CNV103",
        """
        TABLE = {"half": torch.float16, "bfloat16": torch.bfloat16}
        def f(name: str = "half"):
            x = torch.ones(3).to(TABLE.get(name, torch.float16))
            if name == "half":
                x = x.float()
            return x.numpy()
        """,
        """
        TABLE = {"half": torch.float16, "bfloat16": torch.bfloat16}
        def f(name: str = "half"):
            x = torch.ones(3).to(TABLE.get(name, torch.float16))
            if name == "bfloat16":
                x = x.float()
            return x.numpy()
        """,
    ),
    "a pinned buffer that is filled through its array": (
        "CNV201",
        """
        def alloc(size):
            host = torch.ones(size).pin_memory()
            return host, host.numpy()
        def f(size):
            host, mem = alloc(size)
            view = host[1:]
            total = view.sum()
            np.copyto(mem, np.random.randn(size))
            return view, total
        """,
        """
        def alloc(size):
            host = torch.empty(size).pin_memory()
            return host, host.numpy()
        def f(size):
            inputs = []
            for name in range(3):
                host, mem = alloc(size)
                np.copyto(mem, np.random.randn(size))
                inputs.append({"host": host})
            return inputs
        """,
    ),
    "the images of a pipeline": (
        "CNV111",
        """
        def f(model, prompt):
            model = model.to('cuda')
            return np.asarray(model(prompt)[0])
        """,
        """
        from diffusers import FluxPipeline
        def f(prompt):
            model = FluxPipeline.from_pretrained('x')
            model = model.to('cuda')
            return np.asarray(model(prompt)[0])
        """,
    ),
    "a pipeline by name": (
        "CNV111",
        "def f(net, prompt):\n    net = net.to('cuda')\n    return np.asarray(net(prompt)[0])",
        "def f(pipe, prompt):\n    pipe = pipe.to('cuda')\n    return np.asarray(pipe(prompt)[0])",
    ),
    "a pipeline by what it gives": (
        "CNV111",
        "def f(net, prompt):\n    net = net.to('cuda')\n    return np.asarray(net(prompt).logits)",
        "def f(net, prompt):\n    net = net.to('cuda')\n    return np.asarray(net(prompt).images[0])",
    ),
    "a root of a size": (
        "CNV112",
        "def f(q, x: torch.Tensor):\n    return nn.Linear(2, 2)(x) / np.sqrt(x.shape)",
        "def f(q, x: torch.Tensor):\n    return nn.Linear(2, 2)(x) / np.sqrt(x.size(-1))",
    ),
    "grad is switched off by something of that name": (
        "CNV102",
        """
        def f(net: nn.Module, settings, x, opt):
            opt.step()
            with settings.TIMER():
                return net(x).numpy()
        """,
        """
        def f(net: nn.Module, settings, x, opt):
            opt.step()
            with settings.INFERENCE_MODE():
                return net(x).numpy()
        """,
    ),
    "what a distribution draws": (
        "CNV102",
        "def f(policy, x, opt):\n    x = x.to('cuda')\n    opt.step()\n    return policy(x).rsample().numpy()",
        "def f(policy, x, opt):\n    x = x.to('cuda')\n    opt.step()\n    return policy(x).sample().numpy()",
    ),
    "a graph that was moved tells how large it is": (
        "CNV111",
        "def f(graph):\n    graph = graph.to('cuda')\n    return np.arange(graph.nodes())",
        "def f(graph):\n    graph = graph.to('cuda')\n    return np.arange(graph.num_nodes())",
    ),
    "parts that were not moved": (
        "CNV101",
        "def f(data):\n    data = data.to('cuda')\n    return data.y.numpy()",
        "def f(data):\n    data = data.to('cuda', 'x', 'edge_index')\n    return data.y.numpy()",
    ),
    "an item whose type was asked": (
        "CNV111",
        """
        def f(x: torch.Tensor):
            d = {'loss': x.cuda()}
            if isinstance(d['loss'], torch.Tensor):
                return np.array(d['loss'])
        """,
        """
        def f(x: torch.Tensor):
            d = {'loss': x.cuda()}
            if isinstance(d['loss'], torch.Tensor):
                return 1
            return np.array(d['loss'])
        """,
    ),
    "what sklearn splits and does not convert": (
        "CNV111",
        "import sklearn.preprocessing as s\ndef f(x: torch.Tensor):\n    return s.scale(x.cuda())",
        "import sklearn.model_selection as s\ndef f(x: torch.Tensor):\n    return s.train_test_split(x.cuda())",
    ),
    "a refusal that is caught": (
        "CNV101",
        """
        def f(x: torch.Tensor):
            x = x.cuda()
            try:
                return x.numpy()
            except (OSError, KeyError):
                return None
        """,
        """
        def f(x: torch.Tensor):
            x = x.cuda()
            try:
                return x.numpy()
            except (TypeError, KeyError):
                return x.cpu().numpy()
        """,
    ),
    "a reduction by NumPy, of a tensor or of a list": (
        "CNV114",
        "def f(x: torch.Tensor, check):\n    return np.mean(x)",
        "def f(x: torch.Tensor, check):\n    y = x if check() else x.tolist()\n    return np.mean(y)",
    ),
    "None to from_numpy, which a test elsewhere rules out": (
        "CNV304",
        "def f(flag):\n    z = 3 if flag else np.ones(2)\n    return torch.from_numpy(z)",
        "def f(flag):\n    z = None if flag else np.ones(2)\n    return torch.from_numpy(z)",
    ),
    "a leaf or an array written in place": (
        "CNV517",
        "def f(check):\n    w = torch.ones(3, requires_grad=True)\n    w += 1",
        "def f(check):\n    w = torch.ones(3, requires_grad=True) if check() else np.ones(3)\n    w += 1",
    ),
    "a copy to where the work is done": (
        "CNV611",
        "def f(x):\n    h = x.to('cpu', non_blocking=True)\n    return h.numpy()",
        "def f(x, device):\n    h = x.to(device, non_blocking=True)\n    return h.numpy()",
    ),
    "an accuracy among the outputs of a model": (
        "CNV102",
        "def f(model: nn.Module, x, opt):\n    logits, out = model(x)\n    opt.step()\n    return logits.numpy()",
        "def f(model: nn.Module, x, opt):\n    top_acc, out = model(x)\n    opt.step()\n    return top_acc.numpy()",
    ),
    "of NumPy, and refused": (
        "CNV116",
        """
        def f():
            return np.sqrt(torch.ones(3))
        """,
        """
        def f(device):
            return np.sqrt(torch.ones(3, requires_grad=True)), np.sqrt(torch.ones(3).cuda())
        """,
    ),
    "written across the border": (
        "CNV202",
        """
        def f():
            kept = torch.arange(3.0)
            shown = kept.detach()
            shown += 1
            return kept, shown
        """,
        """
        def f():
            kept = torch.arange(3.0)
            shown = kept.numpy()
            shown += 1
            return kept, shown
        """,
    ),
    "written by an optimiser": (
        "CNV202",
        """
        def f(net: torch.nn.Linear, x):
            weight = net.weight.data
            shown = weight.detach()
            weight += 1
            return weight, shown
        """,
        """
        def f(net: torch.nn.Linear, x):
            optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
            weight = net.weight
            shown = weight.detach()
            net(x).sum().backward()
            optimizer.step()
            return weight, shown
        """,
    ),
    "data of a file, which each look reads anew": (
        "CNV201",
        """
        class Scores:
            def __init__(self, data):
                self.data = data
            def __getitem__(self, name):
                target = torch.from_numpy(self.data[name])
                target -= target.min()
                return target
        """,
        """
        class Scores:
            def __init__(self, data):
                self.data = data
            def __getitem__(self, name):
                target = torch.from_numpy(self.data[name][...])
                target -= target.min()
                return target
        """,
    ),
    "rows that a mask picks are copies": (
        "CNV201",
        """
        def f(rows, change):
            out = np.array(rows)
            for i in range(3):
                part = out[i:]
                if isinstance(part, np.ndarray):
                    part = torch.from_numpy(part)
                part[:, 2:6] = change(part[:, 2:6])
                show(part)
            return out
        """,
        """
        def f(rows, change):
            out = np.array(rows)
            for i in range(3):
                part = out[(out[:, 0] == i) & (out[:, 1] > 0)]
                if isinstance(part, np.ndarray):
                    part = torch.from_numpy(part)
                part[:, 2:6] = change(part[:, 2:6])
                show(part)
            return out
        """,
    ),
    "what hangs on the context of a custom function": (
        "CNV204",
        """
        class Scaled:
            @staticmethod
            def backward(ctx, *unused: torch.Tensor):
                request = ctx.request
                given = request.tensor
                given.div_(2)
                return None, given
        """,
        """
        class Scaled(torch.autograd.Function):
            @staticmethod
            def backward(ctx, *unused: torch.Tensor):
                request = ctx.request
                given = request.tensor
                given.div_(2)
                return None, given
        """,
    ),
    "None, or copied to the host": (
        "CNV101",
        """
        def run(model, x, device):
            first, second = model(torch.tensor(x, device=device))
            if second is not None:
                first = first.detach().cpu()
            return first, second
        def f(model, x, device):
            first, second = run(model, x, device)
            if second is not None:
                return torch.softmax(second, dim=-1).detach().numpy()
        def main(model, x):
            return f(model, x, torch.device("cuda" if torch.cuda.is_available() else "cpu"))
        """,
        """
        def run(model, x, device):
            first, second = model(torch.tensor(x, device=device))
            if second is not None:
                second = second.detach().cpu()
            return first, second
        def f(model, x, device):
            first, second = run(model, x, device)
            if second is not None:
                return torch.softmax(second, dim=-1).detach().numpy()
        def main(model, x):
            return f(model, x, torch.device("cuda" if torch.cuda.is_available() else "cpu"))
        """,
    ),
    "results are put where the function itself has made it": (
        "CNV101",
        """
        def f(net, x, weights):
            out = net(x)
            weights = weights.to(out.device)
            return weights, out.detach().numpy()
        """,
        """
        def f(total, count, weights):
            out = total / count
            weights = weights.to(out.device)
            return weights, out.numpy()
        """,
    ),
    "a state taken anew in each round, in one of two ways": (
        "CNV203",
        """
        def f(net: nn.Module, loader, many, last):
            optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
            state = net.state_dict()
            for x in loader:
                net(x).sum().backward()
                optimizer.step()
                show(state)
        """,
        """
        def f(net: nn.Module, loader, many, last):
            optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
            for x in loader:
                net(x).sum().backward()
                optimizer.step()
                state = net.module.state_dict() if many else net.state_dict()
                show({"net": state})
        """,
    ),
    "a sum that the caller finds in its own dict": (
        "CNV501",
        """
        def f(net: nn.Module, data):
            total = torch.zeros(1, requires_grad=True)
            for i in range(len(data)):
                total = total + net(data[i]).sum()
            data["total"] = total.item()
            return data
        """,
        """
        def f(net: nn.Module, data):
            total = torch.zeros(1, requires_grad=True)
            for i in range(len(data)):
                total = total + net(data[i]).sum()
            data["total"] = total
            return data
        """,
    ),
    "a sum over the parts of one output": (
        "CNV501",
        """
        def f(net: nn.Module, loader):
            loss = 0
            for x in loader:
                loss = net(x).sum() * 0 + loss
            loss = net(x).sum()
            loss.backward()
        """,
        """
        def f(net: nn.Module, batch):
            loss = 0
            stages = net(batch)
            for x, y in zip(stages, batch):
                loss = (x - y).sum() * 0 + loss
            loss = stages[0].sum()
            loss.backward()
        """,
    ),
    "a module that is made frozen": (
        "CNV102",
        """
        class Codes(nn.Module):
            def __init__(self, frozen=False):
                super().__init__()
                self.table = nn.Embedding(3, 2)
                if frozen:
                    self.freeze()
            def freeze(self):
                self.table.requires_grad_(False)
        def f():
            return Codes(frozen=False).table.weight.numpy()
        """,
        """
        class Codes(nn.Module):
            def __init__(self, frozen=False):
                super().__init__()
                self.table = nn.Embedding(3, 2)
                if frozen:
                    self.freeze()
            def freeze(self):
                self.table.requires_grad_(False)
        def f():
            return Codes(frozen=True).table.weight.numpy()
        """,
    ),
    "a second name that nothing reads": (
        "CNV203",
        """
        class Trainer:
            def __init__(self, net: nn.Module):
                self.net = net
                self.best_net = None
                self.optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
            def fit(self, loader):
                for x in loader:
                    self.best_net = self.net
                    self.net(x).sum().backward()
                    self.optimizer.step()
            def result(self):
                return self.best_net
        """,
        """
        class Trainer:
            def __init__(self, net: nn.Module):
                self.net = net
                self.best_net = None
                self.optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
            def fit(self, loader):
                for x in loader:
                    self.best_net = self.net
                    self.net(x).sum().backward()
                    self.optimizer.step()
        """,
    ),
    "numbers that are packed into wider ones": (
        "CNV314",
        """
        def f(n):
            return torch.zeros(n, 2, dtype=torch.float32).view(torch.float64)
        """,
        """
        def f(a: torch.Tensor, b: torch.Tensor):
            return torch.stack([a.float(), b.float()], dim=1).view(torch.float64)
        """,
    ),
    "a state that each branch takes anew": (
        "CNV203",
        """
        def f(net: nn.Module, loader, many):
            optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
            state = net.state_dict()
            for x in loader:
                net(x).sum().backward()
                optimizer.step()
                if many:
                    state = net.module.state_dict()
                show({"net": state})
        """,
        """
        def f(net: nn.Module, loader, many):
            optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
            for x in loader:
                net(x).sum().backward()
                optimizer.step()
                if many:
                    state = net.module.state_dict()
                else:
                    state = net.state_dict()
                show({"net": state})
        """,
    ),
    "a name that takes what was made of it": (
        "CNV201",
        """
        def turned(poses):
            poses[:, :3] = 1
            return poses
        def f(pose: np.ndarray):
            other = turned(torch.from_numpy(pose))
            return pose, other
        """,
        """
        def turned(poses):
            poses[:, :3] = 1
            return poses
        def f(pose):
            if torch.is_tensor(pose):
                pose = turned(pose)
            else:
                pose = turned(torch.from_numpy(pose))
            return pose
        """,
    ),
}


OPT_IN = (
    *("CNV101", "CNV102", "CNV111", "CNV112", "CNV114", "CNV116", "CNV121", "CNV122"),
    *("CNV113", "CNV201", "CNV202", "CNV203", "CNV204", "CNV205", "CNV304", "CNV305", "CNV306", "CNV314"),
    *("CNV401", "CNV501", "CNV502", "CNV513", "CNV517"),
)


TWINS_BY_DEFAULT = {"a sum of what one scaled step goes back through"}
"""Whose twin is silent by default, but not for those who ask for the rule."""


def shown(code: str, opt_in: tuple[str, ...] = OPT_IN) -> set[str]:
    """The codes that a user sees by default, and those of rules that have a pair here and are to be asked for."""
    outcome = lint_source(Source("x.py", HEADER + textwrap.dedent(code)), Settings(sieve=False, opt_in=opt_in))
    assert not outcome.problems
    return {finding.code for finding in outcome.findings}


@pytest.mark.parametrize(("code", "hazard"), [pair[:2] for pair in PAIRS.values()], ids=PAIRS.keys())
def test_the_hazard_is_found(code: str, hazard: str) -> None:
    assert code in shown(hazard)


@pytest.mark.parametrize("name", PAIRS)
def test_the_twin_is_not(name: str) -> None:
    code, _, twin = PAIRS[name]
    assert code not in shown(twin, () if name in TWINS_BY_DEFAULT else OPT_IN)


def test_what_is_likely_is_only_possible_in_a_test_file() -> None:
    code = HEADER + "def test_it(x, device):\n    return x.to(device).detach().numpy()\n"
    reported = {}
    for name in ("test_net.py", "net_test.py", "evaluate.py"):
        outcome = lint_source(Source(name, code), Settings())
        reported[name] = [finding.code for finding in outcome.findings]
    assert reported == {"test_net.py": [], "net_test.py": [], "evaluate.py": ["CNV101"]}
    shown_all = lint_source(Source("test_net.py", code), Settings(confidence=Confidence.POSSIBLE))
    assert [finding.code for finding in shown_all.findings] == ["CNV101"]
    script = lint_source(Source("test_net.py", code.replace("def test_it", "def evaluate")), Settings())
    assert [finding.code for finding in script.findings] == ["CNV101"]
