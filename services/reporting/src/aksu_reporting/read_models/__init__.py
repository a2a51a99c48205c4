"""Copies of other services' aggregates, with just the columns that reports need, and how fresh they are."""
