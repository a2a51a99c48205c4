"""Licences that the rows of the imported public register state."""
