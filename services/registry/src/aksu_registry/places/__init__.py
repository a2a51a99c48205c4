"""Places where services are provided."""
