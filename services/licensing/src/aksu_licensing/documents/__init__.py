"""Documents of applications; their names and contents are sealed."""
