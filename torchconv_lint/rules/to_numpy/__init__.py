"""CNV1xx: a tensor becomes an array, and that fails."""
