"""Rules of monitoring in plain Python."""
