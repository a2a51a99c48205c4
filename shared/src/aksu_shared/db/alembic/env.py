"""Alembic's entry, for every service; the work is in `aksu_shared.db.migrate`."""

from aksu_shared.db.migrate import run_env

run_env()
