"""Proof by execution: the fixtures are run, and what happens is compared with what the linter says.

Only the processes that execute fixtures import torch (`child`, `standin`, `observe`); everything else here reads
fixtures, compares and reports, so `torchconv-lint verify` can explain itself where torch is missing.
"""
