"""CNV103: A bfloat16 or float8 tensor becomes an array."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.events import ToNumpy
from torchconv_lint.analysis.values import weakest
from torchconv_lint.rules.base import Rule, Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_NUMPY_DTYPE = frozenset({"bfloat16", "float8_e4m3fn", "float8_e5m2"})


class NumpyOnBfloat16(Rule[ToNumpy]):
    """A bfloat16 or float8 tensor becomes an array."""

    code = "CNV103"
    name = "numpy-on-bfloat16"
    hears = (ToNumpy,)

    def judge(self, event: ToNumpy) -> Iterator[Verdict]:
        """A bfloat16 or float8 tensor becomes an array."""
        fact = event.tensor.dtype
        if fact is None or fact.value not in NO_NUMPY_DTYPE:
            return
        message = f"`{event.subject}` is {fact.value}, which NumPy does not have: the conversion raises TypeError (use `.float()` first)"
        yield Verdict(event.site, message, min(event.sure, weakest([fact])), steps(fact))
