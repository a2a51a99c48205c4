"""Territory: the nation, its planning regions, oblasts and municipalities."""
