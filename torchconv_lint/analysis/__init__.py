"""An abstract interpreter over libcst nodes. It tells rules what happens to values; it knows no rule.

The way through the modules; each says in its first line what it is about.

- The bones of a file, read off the ast; nothing is evaluated here, and the sieve asks here, too.
  `outline`, `walking`, `evidence`, `presence`, `patterns`, `placing`, `backward`, `awaited`, `handed_over`,
  `skimming`, `sinks`, `reaching`, `relevance`, `locate`, `project`

- One run over a file: begin with `interpreter`, then `running` (one body) and `following` (one call).
  `interpreter`, `shared`, `wants`, `completing`, `file_facts`, `entry_modes`, `gradmode`, `wrapping`, `parameters`,
  `binding`, `enriching`, `running`, `following`, `returning`, `relaying`, `traced`, `transforms`, `global_names`,
  `imports`, `definitions`, `class_lookup`, `stored_attributes`, `frameworks`

- The code as nodes, and places in it.
  `building`, `site`, `names`

- What is known: of values, and at a point of the program.
  `values`, `record`, `replacing`, `state`, `frame`, `conditions`, `product`, `shapes`, `dtypes`, `array_dtypes`,
  `devices`, `doubts`, `layout`, `forms`, `weights`, `annotations`, `underway`, `terms`

- What statements and expressions mean.
  `statements`, `assign`, `loops`, `narrowing`, `truth`, `perhaps`, `confirming`, `without_bias`, `brought_back`,
  `expressions`, `arithmetic`, `attributes`, `subscripts`, `iteration`, `replaced_items`, `elements`, `items_written`,
  `classes`, `unbound`

- What calls mean.
  `calls`, `builtin_calls`, `library_calls`, `torch_calls`, `making`, `module_classes`, `contexts`,
  `tensor_methods`, `supposing`, `moving`, `carrying`, `operations`, `tensors`, `autocast`, `unsigned`, `module_calls`,
  `distributions`, `numpy_calls`, `products`, `array_methods`, `sparse`, `left_behind`

- What rules hear of: `events` lists it, and these find it.
  `events`, `conversions`, `wherever`, `meant`, `to_tensor`, `reads`, `buffers`, `copies`, `sharing`, `snapshots`,
  `second_names`, `other_modules`, `adopted`, `given_out`, `overlapping`, `renamed`, `graph`, `cuts`, `kept_graphs`,
  `going_back`, `left_with_callers`, `states_kept`, `observations`
"""
