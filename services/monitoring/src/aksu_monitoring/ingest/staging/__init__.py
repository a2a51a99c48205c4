"""Pushed events as they stand: applied, held, parked; their repair."""
