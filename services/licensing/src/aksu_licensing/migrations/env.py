"""Alembic's entry; the work is in `aksu_shared.db.migrate`."""

from aksu_licensing.tables import LicensingBase
from aksu_shared.db.migrate import run_env

run_env(LicensingBase.metadata)
