"""CNV7xx: conversions inside functions that are compiled, traced or transformed."""
