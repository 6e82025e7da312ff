"""Programs rewritten without changing what they do: the linter must say the same of them.

Each module holds one way to rewrite a program, as a function from source text to a `Variant`.
"""
