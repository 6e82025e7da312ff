"""Command-line options that several commands share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from torchconv_lint.model import Confidence
from torchconv_lint.settings import Settings

if TYPE_CHECKING:
    import argparse


def add_lint_options(parser: argparse.ArgumentParser) -> None:
    """The settings of the linter and how many processes run it."""
    labels = [member.label for member in Confidence]
    parser.add_argument(
        "--confidence", choices=labels, help="least confidence that counts (default: the linter's default)"
    )
    parser.add_argument("--select", default="", help='opt-in rules to run too: codes, prefixes or "ALL"')
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: all cores)")


def lint_settings(arguments: argparse.Namespace) -> Settings:
    """The linter settings that `arguments` ask for."""
    opt_in = tuple(part.strip() for part in arguments.select.split(",") if part.strip())
    if arguments.confidence is None:
        return Settings(opt_in=opt_in)
    return Settings(opt_in=opt_in, confidence=Confidence.from_label(arguments.confidence))
