"""Restricted personal data: encrypted under a key per person, erased by destroying that key (docs/privacy.md)."""
