"""Findings in editors: the language server protocol, and the plugin of python-lsp-server."""
