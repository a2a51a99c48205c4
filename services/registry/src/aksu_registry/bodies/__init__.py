"""Bodies: the authorities of the three levels, and providers as bodies."""
