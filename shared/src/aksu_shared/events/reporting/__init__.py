"""Facts that reporting tells."""
