"""Jupyter notebooks: their code cells as one module, and back into the file without touching anything else."""
