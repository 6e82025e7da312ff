"""CNV6xx: the host waits for the accelerator, or does not wait when it has to."""
