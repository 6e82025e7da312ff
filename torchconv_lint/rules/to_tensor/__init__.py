"""CNV3xx: data becomes a tensor, and that fails or gives something else than meant."""
