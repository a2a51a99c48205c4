"""Mandatory prescriptions: their terms, and what becomes of them."""
