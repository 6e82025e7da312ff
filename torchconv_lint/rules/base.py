"""What a rule is: it hears events of the analysis and answers with a verdict. It never sees a syntax tree."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from torchconv_lint.model import Confidence
from torchconv_lint.rules.index import answers_to
from torchconv_lint.settings import STRICT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchconv_lint.analysis.domain.values import Fact
    from torchconv_lint.analysis.nodes.site import Site
    from torchconv_lint.fixing.proposal import Proposal


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule's answer: what is wrong at `site`, how sure, the steps (data-flow order) that make it so, and a fix.
    `on_request`: such findings have turned out to be false too often for those who have not asked for the rule.
    `parameter`: what is said is about what a caller has handed over for it."""

    site: Site
    message: str
    confidence: Confidence
    because: tuple[tuple[Site, str], ...] = ()
    fix: Proposal | None = None
    on_request: bool = False
    parameter: str = ""


EventT = TypeVar("EventT")


class Rule(ABC, Generic[EventT]):
    """One rule, one file; the module's docstring is the rule's page.

    `code` and `name` identify it, `hears` are the event types it judges; `default` is False for an opt-in rule, `group`
    the name that asks for it and for the other rules of its group, `default_from` the least confidence that is shown
    where nobody has asked for the rule, `needs_accelerator` True if nothing can go wrong where all tensors are on the
    CPU, `anywhere` if who asks for it is also told of tensors that are wherever a caller has them, `of_helpers` if of
    what a helper does that is called after a conversion, and of values of checkpoints. `triggers` tell the
    sieve what to look for beyond what it always does: a function that meets torch is analysed if it holds the first
    word of a trigger and its file all the others; "a&b" in the first place are two words of the function. Words are
    names of called functions and of attributes, "name=" for a keyword argument, "np.flip" and "torch.Tensor" for what
    is called of NumPy and torch, "+=" and "append()" (not of plain numbers), "for" (loops, comprehensions), "if"
    (whatever asks for a truth value), "[::-1]", "~", "[==]" (lists are compared), "counted" (tensors of known size are
    made), "integers written" (into a tensor of integers, that is), "scalar" (a number is made of a tensor), "implicit"
    (something that converts by itself is called), "argument-write" (an argument is
    written under its own name), "own buffer" (an attribute of `self` is written in place and returned), "shifted"
    (`x[1:] = x[:-1]`), "renamed" (a second name for something is written),
    "loss returned" (beside something else), and what constructing.py tells
    ("tensor(list)"); of a file also what its text tells ("'cuda'", see mentions.py). A trigger of a rule that is not
    enabled costs nothing, nor do `triggers_on_request`, which are for what is shown on request, where nobody has asked
    for the rule. `cuda_only`: only a real CUDA device can show the hazard, so no machine without one can prove the
    rule. `since`, `since_numpy`: the releases of torch and of NumPy, as (major, minor), from which on it happens.
    `matters_in_tests`: False for what only grows over many rounds, of which tests run few.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    hears: ClassVar[tuple[type, ...]]
    default: ClassVar[bool] = True
    group: ClassVar[str] = STRICT
    default_from: ClassVar[Confidence] = Confidence.LIKELY
    needs_accelerator: ClassVar[bool] = False
    anywhere: ClassVar[bool] = False
    of_helpers: ClassVar[bool] = False
    matters_in_tests: ClassVar[bool] = True
    cuda_only: ClassVar[bool] = False
    since: ClassVar[tuple[int, int] | None] = None
    since_numpy: ClassVar[tuple[int, int] | None] = None
    triggers: ClassVar[tuple[tuple[str, ...], ...]] = ()
    triggers_on_request: ClassVar[tuple[tuple[str, ...], ...]] = ()

    def answers_to(self, asked: str) -> bool:
        """Whether it is meant by "ALL", the name of its group in upper case, its code or a beginning of that."""
        return answers_to(self, asked)

    @abstractmethod
    def judge(self, event: EventT) -> Iterator[Verdict]:
        """Yield a verdict for each hazard this event shows (usually none or one)."""


def steps(*facts: Fact) -> tuple[tuple[Site, str], ...]:
    """The provenance of `facts` as because-steps, first cause first, without repeating a place."""
    seen: dict[tuple[int, str], tuple[Site, str]] = {}
    for fact in facts:
        for site, message in fact.trail():
            seen.setdefault((id(site.node), message), (site, message))
    return tuple(seen.values())
