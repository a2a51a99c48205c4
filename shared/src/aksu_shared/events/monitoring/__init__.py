"""Facts that monitoring tells."""
