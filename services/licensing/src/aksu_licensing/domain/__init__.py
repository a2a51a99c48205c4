"""Rules of licensing in plain Python."""
