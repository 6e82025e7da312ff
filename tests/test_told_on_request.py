"""What is told to those who ask for it, and to nobody else: what the code rests it on is often something else."""

from __future__ import annotations

import pytest
from snippets import HEADER, codes_shown

ASKED_FOR = {
    "an image seen through detach": (
        "CNV204",
        """
        def attack(x, step):
            changed = x.detach()
            changed.clamp_(0, 1)
            return changed
        """,
    ),
    "the data of an image seen through detach": (
        "CNV204",
        """
        def attack(x, step):
            changed = x.detach()
            changed.requires_grad = True
            changed.data.add_(step)
            return changed.detach()
        """,
    ),
    "columns of a view": (
        "CNV204",
        """
        def shifted(boxes, by):
            rows = boxes.view(-1, 4)
            rows[:, 0] += by
            return rows
        """,
    ),
    "columns under another name": (
        "CNV204",
        """
        def corners(x):
            y = x
            y[:, 0] = x[:, 0] - x[:, 2] / 2
            return y
        """,
    ),
    "columns in place": (
        "CNV204",
        """
        def bounded(boxes, size):
            boxes[:, 0].clamp_(0, size)
            return boxes
        """,
    ),
    "each image of a batch": (
        "CNV204",
        """
        def normalised(images, mean, std):
            for image, m, s in zip(images, mean, std):
                image.sub_(m).div_(s)
            return images
        """,
    ),
    "what may have been on the CPU": (
        "CNV204",
        """
        def shown(image, std):
            image = image.detach().cpu()
            image[0] = image[0] * std
            return image.permute(1, 2, 0)
        """,
    ),
    "what has a shape": (
        "CNV204",
        """
        def jittered(points):
            points += np.random.randn(*points.shape)
            return torch.from_numpy(points)
        """,
    ),
    "tokens masked at random": (
        "CNV204",
        """
        class Masked:
            def __init__(self, ids):
                self.ids = torch.as_tensor(ids).clone()

            def __getitem__(self, index):
                ids = self.ids[index]
                chosen = torch.rand(ids.shape) < 0.15
                ids[chosen] = 103
                return ids
        """,
    ),
    "weights of a layer of an unknown model": (
        "CNV203",
        """
        def moved(model, optimizer, loader, criterion):
            old = model.fc.weight.data
            for x, y in loader:
                criterion(model(x), y).backward()
                optimizer.step()
            return torch.equal(old, model.fc.weight.data)
        """,
    ),
    "weights of a layer in a history": (
        "CNV203",
        """
        def history(model, optimizer, x, y, criterion):
            weights = []
            for _ in range(10):
                criterion(model(x), y).backward()
                optimizer.step()
                weights.append(model.weight.detach().numpy())
            return weights
        """,
    ),
    "parameters that may have been on the CPU": (
        "CNV203",
        """
        def history(model, optimizer, x, y, criterion):
            weights = []
            for _ in range(10):
                criterion(model(x), y).backward()
                optimizer.step()
                weights.append([p.data.cpu() for p in model.parameters()])
            return weights
        """,
    ),
    "the parameters themselves under a name that says before": (
        "CNV203",
        """
        def trained(model, optimizer, x, y, criterion):
            old = list(model.parameters())
            criterion(model(x), y).backward()
            optimizer.step()
            return [torch.equal(a, b) for a, b in zip(old, model.parameters())]
        """,
    ),
    "weights in an attribute called shadow": (
        "CNV203",
        """
        class Average:
            def register(self, model):
                for name, p in model.named_parameters():
                    self.shadow[name] = p.data
        """,
    ),
    "weights put aside and overwritten": (
        "CNV203",
        """
        def swap(model, other):
            for p, q in zip(model.parameters(), other.parameters()):
                tmp = p.data
                p.data.copy_(q.data)
                q.data.copy_(tmp)
        """,
    ),
}

SILENT = {
    "a copy of what is detached": """
        def attack(x, step):
            changed = x.detach().clone()
            changed.clamp_(0, 1)
            return changed
        """,
    "parameters that are found again": """
        def trained(model, optimizer, x, y, criterion):
            parameters = list(model.parameters())
            criterion(model(x), y).backward()
            optimizer.step()
            return [p.norm() for p in parameters]
        """,
    "items that a loop has moved to the CPU": """
        def scaled(labels: dict):
            for name in labels:
                labels[name] = labels[name].cpu().numpy()
            boxes, classes = labels.get("boxes"), labels.get("classes")
            boxes[:, 0] *= 2
            return boxes, classes
        """,
    "a swap by copies": """
        def swap(model, other):
            for p, q in zip(model.parameters(), other.parameters()):
                tmp = p.data.clone()
                p.data.copy_(q.data)
                q.data.copy_(tmp)
        """,
    "a text that is split": """
        def parts(text):
            first = text.split("-", 3)
            if first:
                return first[0]
        """,
}


@pytest.mark.parametrize(("code", "text"), ASKED_FOR.values(), ids=ASKED_FOR.keys())
def test_it_is_told_to_those_who_ask(code: str, text: str) -> None:
    assert code in codes_shown(text, HEADER, "ALL")


@pytest.mark.parametrize(("code", "text"), ASKED_FOR.values(), ids=ASKED_FOR.keys())
def test_it_is_told_to_nobody_else(code: str, text: str) -> None:
    assert code not in codes_shown(text, HEADER) or text in KNOWN_BY_ALL


@pytest.mark.parametrize("text", SILENT.values(), ids=SILENT.keys())
def test_it_is_not_told(text: str) -> None:
    assert not {"CNV201", "CNV203", "CNV204"} & set(codes_shown(text, HEADER, "ALL"))


KNOWN_BY_ALL = (ASKED_FOR["tokens masked at random"][1],)
"""What is sure enough for everybody."""
