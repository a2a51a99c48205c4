"""The registry's migrations, and the tables that they are checked against."""

from aksu_registry.tables import RegistryBase

METADATA = RegistryBase.metadata
"""Import it from where all tables have been declared: one that is not imported is one that alembic would drop."""
