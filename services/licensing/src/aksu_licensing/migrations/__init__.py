"""Licensing's migrations, and the tables that they are checked against."""

from aksu_licensing.wiring import METADATA

__all__ = ["METADATA"]
