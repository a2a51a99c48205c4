"""What stands on the wire."""
