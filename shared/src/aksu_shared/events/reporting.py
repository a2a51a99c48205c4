"""Reporting publishes no facts yet: it owns read models only."""
