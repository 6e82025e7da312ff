"""torchconv_lint: finds conversion pitfalls between PyTorch, NumPy and plain Python numbers before the code runs."""

__version__ = "0.1.0"
