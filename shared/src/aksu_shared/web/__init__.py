"""HTTP conventions, the same in all four services."""
