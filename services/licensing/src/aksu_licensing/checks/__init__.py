"""Checks of those who manage or represent applicants; whom and what was found is sealed."""
