"""Monitoring's migrations, and the tables that they are checked against."""

from aksu_monitoring.wiring import METADATA

__all__ = ["METADATA"]
