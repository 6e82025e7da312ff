"""What statements and expressions mean.

`statements`, `assign`, `narrowing`, `truth`, `perhaps`, `confirming`, `without_bias`, `brought_back`,
`expressions`, `arithmetic`, `attributes`, `subscripts`, `elements`, `items_written`, `classes`, `unbound`
"""
