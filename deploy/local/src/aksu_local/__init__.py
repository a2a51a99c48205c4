"""The local platform: PostgreSQL, bus and the eight processes on one machine."""
