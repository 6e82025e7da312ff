"""The bones of a file, read off the ast; nothing is evaluated here, and the sieve asks here, too.

`outline`, `walking`, `evidence`, `presence`, `patterns`, `placing`, `backward`, `awaited`, `handed_over`,
`reaching`, `relevance`, `gradmode`
"""
