"""Inspections and their findings: planned, conducted, closed."""
