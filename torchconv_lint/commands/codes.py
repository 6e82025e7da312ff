"""Codes as users give them to options and arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from torchconv_lint import config

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.shell_completion import CompletionItem

_Function = TypeVar("_Function", bound="Callable[..., Any]")


def _codes(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Comma-separated beginnings of codes; the option may be repeated."""
    try:
        return config.codes([part.strip() for value in values for part in value.split(",") if part.strip()])
    except config.ConfigError as error:
        raise click.BadParameter(str(error), ctx, param) from None


def _opt_ins(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """The same, and names of groups."""
    try:
        return config.opt_ins([part.strip() for value in values for part in value.split(",") if part.strip()])
    except config.ConfigError as error:
        raise click.BadParameter(str(error), ctx, param) from None


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
    callback = _opt_ins if groups else _codes
    return click.option(
        name, multiple=True, callback=callback, metavar="CODES", shell_complete=complete_codes, help=help
    )
