"""Providers of social services."""
