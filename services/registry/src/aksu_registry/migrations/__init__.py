"""The registry's migrations, and the tables that they are checked against."""

from aksu_registry.wiring import METADATA

__all__ = ["METADATA"]
