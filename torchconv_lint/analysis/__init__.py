"""An abstract interpreter over libcst nodes. It tells rules what happens to values; it knows no rule.

The packages, each of which builds on those before it; only `semantics` and `calling` need each other. Each lists its
modules, and each module says in its first line what it is about.

- `syntax`: the bones of a file, read off the ast; nothing is evaluated here, and the sieve asks here, too.
- `elsewhere`: the other files of the project: where a name is defined, and what its text tells before anything is
  parsed.
- `nodes`: the code as libcst nodes, made of the ast, and places in it.
- `domain`: what is known: of values, and at a point of the program. `values` first: every fact with the line that
  made it so.
- `telling`: what rules hear of: `events` lists it, the others find it.
- `computing`: what operations on tensors and arrays give, by what the generated tables say of them.
- `semantics`: what statements and expressions mean.
- `calling`: what calls mean: of torch, NumPy, modules, methods and builtins.
- `run`: one run over a file: begin with `interpreter`, then `running` (one body) and `following` (one call).
"""
