"""CNV5xx: the autograd graph is kept alive, or cut."""
