"""Alembic's entry; the work is in `aksu_shared.db.migrate`."""

from aksu_registry.tables import RegistryBase
from aksu_shared.db.migrate import run_env

run_env(RegistryBase.metadata)
