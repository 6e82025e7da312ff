"""CNV4xx: a tensor becomes a Python number."""
