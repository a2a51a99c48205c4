"""A territory in figures, and the headlines of those inside it."""
