"""Pushed events as they stand: applied, held, in quarantine; their repair."""
