"""Signals and complaints: taken from anybody, forwarded or decided in their terms."""
