"""Conditions of applications: which must be met, what is known of each, what a proposal overrides."""
