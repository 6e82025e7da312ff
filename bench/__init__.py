"""Measurements on real code: recall on known bugs, precision on released packages, speed. See README.md."""
