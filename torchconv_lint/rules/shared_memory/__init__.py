"""CNV2xx: memory shared between tensors and arrays is written."""
