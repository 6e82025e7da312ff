"""What speed is promised, and whether a measurement keeps the promise."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench import contenders
from bench.cpu_time import Cost

#: So much beyond a target may be noise.
TOLERANCE = 1.1

Costs = Mapping[str, Sequence[Cost]]


@dataclass(frozen=True)
class Target:
    """A number that is to be small: `limit` at most. `needs` are the contenders it is made of."""

    says: str
    limit: float
    needs: tuple[str, ...]
    value: Callable[[Costs], float]

    def judge(self, costs: Costs) -> Verdict | None:
        """The verdict; None if something that it needs was not measured."""
        if any(name not in costs for name in self.needs):
            return None
        return Verdict(self, self.value(costs))


@dataclass(frozen=True)
class Verdict:
    """A target and what came out."""

    target: Target
    value: float

    @property
    def met(self) -> bool:
        """Whether the target itself is kept."""
        return self.value <= self.target.limit

    @property
    def missed(self) -> bool:
        """Whether it is missed by more than noise can explain."""
        return self.value > self.target.limit * TOLERANCE


def user(costs: Costs, name: str) -> float:
    """The median of the user CPU seconds."""
    return median(cost.user for cost in costs[name])


def wall(costs: Costs, name: str) -> float:
    """The median of the seconds on the clock."""
    return median(cost.wall for cost in costs[name])


def _share(name: str, of: str, says: str, limit: float) -> Target:
    return Target(says, limit, (name, of), lambda costs: user(costs, name) / user(costs, of))


def _added(costs: Costs) -> float:
    return user(costs, contenders.PLUGIN) - user(costs, contenders.PLAIN)


def _against_torchfix(costs: Costs) -> float:
    return _added(costs) / (user(costs, contenders.TORCHFIX) - user(costs, contenders.PLAIN))


def _against_preflight(costs: Costs) -> float:
    return _added(costs) / user(costs, contenders.PREFLIGHT)


def _parallel(costs: Costs) -> float:
    return wall(costs, contenders.CHECK_2) / wall(costs, contenders.CHECK)


_PAIR = (contenders.PLAIN, contenders.PLUGIN)

#: On files that import torch.
WITH_TORCH = (
    _share(contenders.PLUGIN, contenders.PLAIN, "flake8 with the plugin / flake8", 1.25),
    _share(contenders.PLUGIN_WARM, contenders.PLAIN, "flake8 with the plugin, nothing changed / flake8", 1.1),
    _share(contenders.CHECK, contenders.PLAIN, "check, cold / flake8", 0.6),
    _share(contenders.WARM, contenders.CHECK, "check, warm / cold", 1 / 15),
    Target("check -j2 / -j1, on the clock", 1 / 1.7, (contenders.CHECK, contenders.CHECK_2), _parallel),
    Target("what we add / what TorchFix adds", 1 / 20, (*_PAIR, contenders.TORCHFIX), _against_torchfix),
    Target("what we add / torch-preflight", 1 / 20, (*_PAIR, contenders.PREFLIGHT), _against_preflight),
)
#: On files without torch.
WITHOUT_TORCH = (_share(contenders.PLUGIN, contenders.PLAIN, "flake8 with the plugin / flake8", 1.02),)
#: On one file of about 500 lines, as an editor does it.
EDITOR = (_share(contenders.PLUGIN_STDIN, contenders.PLAIN_STDIN, "flake8 with the plugin / flake8, on stdin", 1.15),)
#: On one file in which nothing is to be linted: what being installed costs.
IMPORT = (Target("seconds that the plugin's import adds", 0.015, _PAIR, _added),)
