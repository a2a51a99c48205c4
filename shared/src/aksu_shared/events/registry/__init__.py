"""Facts that the registry tells."""
