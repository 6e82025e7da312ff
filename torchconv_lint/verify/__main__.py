"""`python -m torchconv_lint.verify`: the command without the rest of the command line."""

from torchconv_lint.verify.command import command

if __name__ == "__main__":
    command(prog_name="torchconv-lint verify")
