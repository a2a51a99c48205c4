"""Reporting's migrations, and the tables that they are checked against."""

from aksu_reporting.wiring import METADATA

__all__ = ["METADATA"]
