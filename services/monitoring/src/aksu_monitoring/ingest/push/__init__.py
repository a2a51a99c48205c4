"""Pushing over HTTP."""
