"""Social services, licensed or not."""
