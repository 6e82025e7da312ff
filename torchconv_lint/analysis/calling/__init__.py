"""What calls mean: of torch, NumPy, modules, methods and builtins.

`calls`, `builtin_calls`, `library_calls`, `torch_calls`, `making`, `module_classes`, `contexts`, `tensor_methods`,
`supposing`, `moving`, `carrying`, `module_calls`, `numpy_calls`, `array_methods`, `left_behind`, `transforms`,
`frameworks`, `binding`, `enriching`, `returning`
"""
