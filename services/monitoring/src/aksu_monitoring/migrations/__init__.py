"""Monitoring's migrations, and the tables that they are checked against."""

from aksu_monitoring.tables import MonitoringBase

METADATA = MonitoringBase.metadata
"""Import it from where all tables have been declared: one that is not imported is one that alembic would drop."""
