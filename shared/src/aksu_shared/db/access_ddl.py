"""DDL of access: revoked tokens, which every statement in a scope asks for, and the log of restricted reads."""

from collections.abc import Iterator

ACCESS_TABLES = frozenset({"access_revocation", "read_log", "read_log_state"})
"""Tables that `access_v1` makes; alembic's comparison leaves them to it."""

# A function that gives rows becomes part of its statement; one that gives a truth value costs a call of its
# own (100 µs), and so would regular expressions.
_TABLES = """
CREATE TABLE access_revocation (
  id text PRIMARY KEY,
  not_before timestamptz NOT NULL,
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);
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
"""

# The registry owns revocations; the others are told of them, and must not write when they may have missed one.
_OWNED = """
CREATE FUNCTION access_is_known() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS 'SELECT true'"""
_TOLD = """
CREATE FUNCTION access_is_known() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT CASE coalesce(NULLIF(current_setting('app.access_patience', true), ''), '60')
    WHEN 'off' THEN true
    ELSE coalesce((
      SELECT heard_at > clock_timestamp()
        - make_interval(secs => coalesce(NULLIF(current_setting('app.access_patience', true), ''), '60')::float)
        FROM source_state WHERE source = 'registry'), false) END $$"""

_GRANTS = """
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
"""
_OWNERS_GRANTS = """
GRANT INSERT, UPDATE ON access_revocation TO {service}_runtime;
CREATE POLICY add ON access_revocation FOR INSERT TO {service}_runtime WITH CHECK (true);
CREATE POLICY alter ON access_revocation FOR UPDATE TO {service}_runtime USING (true) WITH CHECK (true);
"""


def access_v1(service: str, *, owner: str = "registry") -> Iterator[str]:
    """Statements for `service`; the `owner` of revocations writes them, every other service keeps a copy."""
    owns = service == owner
    yield from _statements(_TABLES)
    yield _OWNED if owns else _TOLD
    yield from _statements(_GRANTS.format(service=service))
    if owns:
        yield from _statements(_OWNERS_GRANTS.format(service=service))


def _statements(script: str) -> Iterator[str]:
    """One statement at a time: a prepared statement holds no more. Functions end with `$$;`."""
    yield from (statement for statement in script.split(";\n") if statement.strip())
