"""One run over a file: begin with `interpreter`, then `running` (one body) and `following` (one call).

`interpreter`, `shared`, `wants`, `completing`, `file_facts`, `entry_modes`, `wrapping`, `parameters`, `running`,
`following`, `relaying`, `traced`, `global_names`, `definitions`, `class_lookup`, `likely_classes`, `stored_attributes`
"""
