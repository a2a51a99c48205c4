"""The command line every service has."""
