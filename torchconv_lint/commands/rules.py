"""`torchconv-lint rules` and `explain`."""

from __future__ import annotations

import os
import sys

import click

from torchconv_lint.commands.codes import complete_codes


@click.command()
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", help="How rules are shown.")
def rules(format_: str) -> None:
    """List the rules."""
    from torchconv_lint.model import Confidence
    from torchconv_lint.rules import all_rules
    from torchconv_lint.rules.pages import summary

    known = all_rules()
    if format_ == "json":
        import json

        rows = [
            {
                "code": rule.code,
                "name": rule.name,
                "default": rule.default,
                "default_confidence": rule.default_from.name.lower(),
                "group": rule.group,
                "summary": summary(rule),
            }
            for rule in known
        ]
        click.echo(json.dumps(rows, indent=2))
        return
    width = max((len(rule.name) for rule in known), default=0)
    for rule in known:
        certain = " (by default only if certain)" if rule.default_from > Confidence.LIKELY else ""
        when = certain if rule.default else f" (opt-in: {rule.group})"
        click.echo(f"{rule.code}  {rule.name:{width}}  {summary(rule)}{when}")


@click.command()
@click.argument("code", shell_complete=complete_codes)
def explain(code: str) -> None:
    """Show the page of a rule, named by its code or its name."""
    from torchconv_lint.rules import all_rules
    from torchconv_lint.rules.pages import markdown, nearest

    for rule in all_rules():
        if code.lower() in (rule.code.lower(), rule.name):
            break
    else:
        near = nearest(code)
        hint = f"did you mean {near}?" if near else "see 'torchconv-lint rules'"
        raise click.UsageError(f"there is no rule {code!r}; {hint}")
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        from rich.console import Console
        from rich.markdown import Markdown

        Console().print(Markdown(markdown(rule)))
    else:
        click.echo(markdown(rule))
