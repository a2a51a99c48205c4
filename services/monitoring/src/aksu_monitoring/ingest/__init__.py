"""Inspection events of other systems: who may push, what they pushed, and its effect."""
