"""Pushing over the bus."""
