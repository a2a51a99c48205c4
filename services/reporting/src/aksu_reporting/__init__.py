"""Reporting: read models over registry, licensing and monitoring, and the analysis of a territory."""
