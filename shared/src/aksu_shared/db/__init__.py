"""PostgreSQL: the unit of work, the change log, stores, projections, hot reads and migrations."""
