"""The registry: territory, bodies, providers, places and services of the whole country, licensed or not."""
