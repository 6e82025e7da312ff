"""The other files of the project: where a name is defined, and what its text tells before anything is parsed.

`locate`, `project`, `skimming`, `sinks`, `imports`
"""
