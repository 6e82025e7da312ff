"""`torchconv-lint init` and `completion`."""

from __future__ import annotations

from pathlib import Path

import click

from torchconv_lint import config

# The variable by which a shell asks for completions; the name is click's own for this program.
_COMPLETE = "_TORCHCONV_LINT_COMPLETE"


@click.command()
def init() -> None:
    """Write a first configuration into this folder's pyproject.toml. Nothing that is there is changed."""
    from torchconv_lint.shell.starting import CannotStart, about_flake8, write_configuration

    try:
        path = write_configuration(Path())
    except (CannotStart, config.ConfigError) as error:
        raise click.UsageError(str(error)) from None
    except OSError as error:
        raise click.UsageError(f"pyproject.toml: {error.strerror}") from None
    click.echo(f"{path}: [tool.{config.TABLE}] is written")
    click.echo(about_flake8(Path()))
    click.echo("next: torchconv-lint check")


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print a script that makes the shell complete our options, commands and codes.

    In ~/.bashrc: eval "$(torchconv-lint completion bash)", with zsh in ~/.zshrc; in fish's config.fish: torchconv-lint
    completion fish | source.
    """
    from click.shell_completion import get_completion_class

    complete = get_completion_class(shell)
    assert complete is not None, shell
    click.echo(complete(ctx.find_root().command, {}, "torchconv-lint", _COMPLETE).source())
