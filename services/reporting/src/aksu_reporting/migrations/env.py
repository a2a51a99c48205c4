"""Alembic's entry; the work is in `aksu_shared.db.migrate`."""

from aksu_reporting.tables import ReportingBase
from aksu_shared.db.migrate import run_env

run_env(ReportingBase.metadata)
