"""The code as libcst nodes, made of the ast, and places in it.

`building`, `site`, `names`
"""
