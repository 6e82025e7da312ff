"""What is known: of values, and at a point of the program. `values` first: every fact with the line that made it so.

`values`, `replacing`, `state`, `frame`, `conditions`, `product`, `shapes`, `dtypes`, `array_dtypes`, `devices`,
`doubts`, `layout`, `forms`, `weights`, `annotations`, `underway`, `terms`, `iteration`, `replaced_items`, `sparse`
"""
