"""Licences: their order, their chain, their validity, their end."""
