"""Facts that licensing tells."""
