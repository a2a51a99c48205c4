-- Row-level security of a table with a `scope` column. The runtime role sees rows whose scope meets the caller's keys,
-- and writes only rows within the caller's own territory or body; the worker sees all rows of its service.

ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY see ON {table} FOR SELECT TO {service}_runtime, {service}_reader USING (scope && (SELECT app_scope()));
CREATE POLICY add ON {table} FOR INSERT TO {service}_runtime WITH CHECK (scope && (SELECT app_write_scope()));
CREATE POLICY alter ON {table} FOR UPDATE TO {service}_runtime
  USING (scope && (SELECT app_scope())) WITH CHECK (scope && (SELECT app_write_scope()));
CREATE POLICY work ON {table} TO {service}_worker USING (true) WITH CHECK (true);
GRANT SELECT ON {table} TO {service}_reader;
GRANT SELECT, INSERT, UPDATE ON {table} TO {service}_runtime;
GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {service}_worker;
