"""Settings of a service, all from its environment."""
