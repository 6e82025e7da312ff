"""`python -m torchconv_lint` is the command `torchconv-lint`."""

from torchconv_lint.cli import main

if __name__ == "__main__":
    main()
