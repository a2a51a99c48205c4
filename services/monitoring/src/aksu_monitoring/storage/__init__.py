"""Stores of monitoring: aggregates, staged events, restricted texts, and what is known of places."""
