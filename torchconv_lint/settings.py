"""The settings that change what the analysis says, the same for the command line and the flake8 plugin."""

from __future__ import annotations

from torchconv_lint.model import Confidence
from torchconv_lint.record import plain

STRICT, PERFORMANCE = GROUPS = ("strict", "performance")
"""Names under which users ask for more than the default: for what may be wrong, and for what only takes time."""


@plain
class Settings:
    """Analysis settings. Which codes are shown is the host's business; which rules run at all is ours.

    `confidence`: the least confidence that is shown.
    `opt_in`: codes or prefixes of opt-in rules to run as well ("ALL" runs every rule), or the names of their groups in
    upper case.
    `assume_device`: "cpu" for teams without accelerators: device rules stay silent. None: assume nothing.
    `follow_imports`: whether other files of the project are read to see what an imported function gives.
    `target_torch`, `target_numpy`: the oldest releases of torch and NumPy that the code has to run with, as (major,
    minor); None: current ones.
    `sieve`: False analyses every function, not only those that hold a possible trigger (slower, same findings). With
    "ALL" every function is analysed anyway.
    """

    confidence: Confidence = Confidence.LIKELY
    opt_in: tuple[str, ...] = ()
    assume_device: str | None = None
    sieve: bool = True
    follow_imports: bool = True
    target_torch: tuple[int, int] | None = None
    target_numpy: tuple[int, int] | None = None
