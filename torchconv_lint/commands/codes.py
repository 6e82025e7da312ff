"""Codes as users give them to options and arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from torchconv_lint import config

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.shell_completion import CompletionItem

_Function = TypeVar("_Function", bound="Callable[..., Any]")


def _read_by(
    read: Callable[[object], tuple[str, ...]],
) -> Callable[[click.Context, click.Parameter, tuple[str, ...]], tuple[str, ...]]:
    """What makes codes of an option's comma-separated values; the option may be repeated."""

    def callback(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return read([part.strip() for value in values for part in value.split(",") if part.strip()])
        except config.ConfigError as error:
            raise click.BadParameter(str(error), ctx, param) from None

    return callback


def complete_codes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Codes for the shell to complete."""
    from click.shell_completion import CompletionItem

    from torchconv_lint.rules import all_rules

    # Several codes are separated by commas: the last one is being typed.
    before, comma, last = incomplete.rpartition(",")
    known = [rule for rule in all_rules() if rule.code.startswith(last.upper())]
    return [CompletionItem(before + comma + rule.code, help=rule.name) for rule in known]


def codes_option(name: str, help: str, *, groups: bool = False) -> Callable[[_Function], _Function]:
    """An option that takes codes, and with `groups` names of groups of rules."""
    callback = _read_by(config.opt_ins if groups else config.codes)
    return click.option(
        name, multiple=True, callback=callback, metavar="CODES", shell_complete=complete_codes, help=help
    )
