"""What a loop keeps of graphs that a round makes, and drops with it, and sums that callers go backward through."""

from __future__ import annotations

from snippets import codes_shown, reported

HEAD = "import torch\nimport torch.nn.functional as F\n"

DISTILLED = """\
def distilled(teachers, student, loader):
    optimizer = torch.optim.SGD(student.parameters(), lr=0.1)
    student.train()
    {kept}
    for inputs in loader:
        output = student(inputs)
        with torch.no_grad():
            targets = []
            for teacher in teachers:
                targets.append(teacher(inputs))
        {made}
        for target in targets:
            distances.append(F.mse_loss(output, target))
        loss = output.square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return len(distances)
"""


def test_what_each_round_makes_anew_is_told_of_on_request() -> None:
    """The list is that of one batch: the loop that calls backward does not go on filling it."""
    of_one_batch = DISTILLED.format(kept="pass", made="distances = []")
    assert codes_shown(of_one_batch, HEAD) == []
    assert codes_shown(of_one_batch, HEAD, "CNV502") == ["CNV502"]
    assert codes_shown(DISTILLED.format(kept="distances = []", made="pass"), HEAD) == ["CNV502"]


PAIRS = """\
def near(left, right):
    distance = left - right
    result = distance.square().mean()
    return result


def pairs(left, right):
    loss = 0
    for one in range(3):
        loss += 1 - near(left[one], right[one])
    {after}


def fit(net, optimizer, loader):
    for inputs, target in loader:
        loss = near(net(inputs), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
"""


def test_what_callers_go_backward_through_has_not_served_yet() -> None:
    """Another caller makes something else of it, and gives that."""
    assert codes_shown(PAIRS.format(after="return loss"), HEAD) == []
    assert "CNV501" in reported(PAIRS.format(after="print(loss.item())"), header=HEAD)


MEASURED = """\
from losses import distance_of


def fit(net, optimizer, loader):
    total = 0
    for inputs, target in loader:
        output, domain = net(inputs)
        loss_near = distance_of(output, target)
        loss = loss_near + 0.1 * {term}
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss_near{left} * len(inputs)
    return total
"""


def test_what_is_measured_elsewhere_and_added_to_the_loss() -> None:
    """It is a term of the loss, computed from an output: it has its graph, as far as anybody can tell."""
    assert codes_shown(MEASURED.format(term="distance_of(domain, target)", left=""), HEAD) == ["CNV501"]
    assert codes_shown(MEASURED.format(term="distance_of(domain, target)", left=".item()"), HEAD) == []
    assert (
        codes_shown(
            MEASURED.format(term="1", left="").replace("loss = loss_near + 0.1 * 1", "loss = output.sum()"), HEAD
        )
        == []
    )


ACCUMULATED = """\
def fit(net, optimizer, criterion, {loader}):
    total = 0.0
    optimizer.zero_grad()
    for inputs, target in {loader}:
        loss = criterion(net(inputs), target)
        loss.backward()
        total += loss
    optimizer.step()
    return total / len({loader})
"""


def test_all_that_a_loader_has_is_no_small_part_of_a_step() -> None:
    assert codes_shown(ACCUMULATED.format(loader="train_loader"), HEAD) == ["CNV501"]
    assert codes_shown(ACCUMULATED.format(loader="trainloader"), HEAD) == ["CNV501"]
    assert codes_shown(ACCUMULATED.format(loader="parts"), HEAD) == []
    assert codes_shown(ACCUMULATED.format(loader="parts"), HEAD, "CNV501") == ["CNV501"]
