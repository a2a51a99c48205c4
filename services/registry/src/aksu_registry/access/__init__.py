"""Revoked access: of who was disabled, or moved to another body, though the token lives on."""
