"""Small programs for the tests of the analysis, through its public door."""

from __future__ import annotations

import textwrap
from dataclasses import replace

from torchconv_lint.lint import lint_source
from torchconv_lint.model import Confidence
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source

HEADER = """\
import math
import types
from collections import OrderedDict, defaultdict, deque
from typing import Dict, List, Optional, Tuple, Union
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from elsewhere import *
"""
"""The last line binds what a snippet does not."""


BESIDE_THE_DEFAULT = tuple(f"CNV{number}" for number in (102, 112, 113, 205, 304, 305, 306, 403, 513, 701, 704))
"""Rules of what raises or misleads, which are off by default because they were seldom true elsewhere."""


def found(code: str, header: str = HEADER) -> set[str]:
    """The codes reported in `code`, whatever their confidence."""
    return reported(code, *BESIDE_THE_DEFAULT, header=header)


def reported(code: str, *opt_in: str, header: str = HEADER) -> set[str]:
    """The same, of all rules or of those beside the default that begin so."""
    source = Source("x.py", header + textwrap.dedent(code))
    outcome = lint_source(source, Settings(confidence=Confidence.POSSIBLE, opt_in=opt_in or ("ALL",), sieve=False))
    assert not outcome.problems
    return {finding.code for finding in outcome.findings}


def codes_shown(code: str, head: str, *opt_in: str) -> list[str]:
    """The codes that a user sees who asks for the rules in `opt_in`; the sieve must not leave any of it out."""
    source, settings = Source("x.py", head + textwrap.dedent(code) + "\n"), Settings(opt_in=opt_in)
    outcome = lint_source(source, settings)
    assert outcome.problems == ()
    assert outcome.findings == lint_source(source, replace(settings, sieve=False)).findings
    return [finding.code for finding in outcome.findings]
