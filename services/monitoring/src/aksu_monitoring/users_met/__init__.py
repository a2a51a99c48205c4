"""Users of a service with whom inspectors spoke."""
