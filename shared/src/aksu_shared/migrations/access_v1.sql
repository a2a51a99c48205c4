-- Who lost access: revoked tokens, which every statement in a scope asks for, and the log of restricted reads.

CREATE TABLE access_revocation (
  id text PRIMARY KEY,
  not_before timestamptz NOT NULL,
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);
-- A function that gives rows becomes part of its statement; one that gives a truth value costs a call of its own
-- (100 µs), and so would regular expressions.
CREATE FUNCTION access_revocations(keys text) RETURNS SETOF access_revocation LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT * FROM access_revocation
   WHERE id = split_part(split_part(keys, ',t:', 2), '@', 1)
     AND not_before > to_timestamp(nullif(split_part(split_part(keys, ',t:', 2), '@', 2), '')::bigint) $$;

CREATE TABLE read_log (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  position bigint,
  actor text NOT NULL,
  roles text[] NOT NULL,
  body text,
  action text NOT NULL,
  request text NOT NULL,
  objects text[] NOT NULL,
  purpose text,
  correlation_id text,
  scope text[] NOT NULL,
  hash bytea
);
CREATE INDEX ix_read_log_unsequenced ON read_log (seq) WHERE position IS NULL;
CREATE INDEX ix_read_log_position ON read_log (position);
CREATE INDEX ix_read_log_actor ON read_log (actor, seq);
CREATE INDEX ix_read_log_objects ON read_log USING gin (objects);

CREATE TABLE read_log_state (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  position bigint NOT NULL DEFAULT 0,
  hash bytea NOT NULL DEFAULT ''
);
INSERT INTO read_log_state DEFAULT VALUES;

GRANT SELECT ON access_revocation TO {service}_runtime, {service}_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON access_revocation TO {service}_worker;
ALTER TABLE access_revocation ENABLE ROW LEVEL SECURITY;
ALTER TABLE access_revocation FORCE ROW LEVEL SECURITY;
CREATE POLICY know ON access_revocation FOR SELECT TO {service}_runtime, {service}_reader USING (true);
CREATE POLICY work ON access_revocation TO {service}_worker USING (true) WITH CHECK (true);
GRANT SELECT ON read_log TO {service}_runtime;
GRANT INSERT (actor, roles, body, action, request, objects, purpose, correlation_id, scope)
  ON read_log TO {service}_runtime;
GRANT SELECT ON read_log TO {service}_worker;
GRANT UPDATE (position, hash) ON read_log TO {service}_worker;
GRANT SELECT, UPDATE ON read_log_state TO {service}_worker;
ALTER TABLE read_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE read_log FORCE ROW LEVEL SECURITY;
CREATE POLICY see ON read_log FOR SELECT TO {service}_runtime USING (scope && (SELECT app_scope()));
CREATE POLICY add ON read_log FOR INSERT TO {service}_runtime WITH CHECK (true);
CREATE POLICY chain ON read_log TO {service}_worker USING (true) WITH CHECK (true);
