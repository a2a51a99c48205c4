"""The reports: each one statement that runs in the caller's scope and gives JSON."""
