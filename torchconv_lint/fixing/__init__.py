"""From what a rule proposes to text edits, and from text edits to files.

Rules build a `Proposal` (`proposal`); `resolve` turns it into edits of the file's text, which must still parse;
`settle` applies the edits of many findings in passes, until nothing is left to fix.
"""
