"""DDL of the bookkeeping tables, the same in every service, and of scope policies.

Each function is one frozen step that migrations call; a later change is a new function, never an edit.
"""

from collections.abc import Iterator
from datetime import date

from aksu_shared.db.access_ddl import ACCESS_TABLES, access_v1

BOOKKEEPING = ACCESS_TABLES | frozenset(
    {
        "change_log",
        "log_state",
        "log_epoch",
        "idempotency",
        "inbox",
        "source_state",
        "dead_letter",
        "vanished_cause",
        "bus_cursor",
        "deadline",
    }
)
"""Tables that `bookkeeping_v1` makes; alembic's comparison leaves them to it."""

_TABLES = """
CREATE FUNCTION app_scope() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT string_to_array(NULLIF(current_setting('app.scope', true), ''), ',') $$;
CREATE FUNCTION app_write_scope() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT array_remove(app_scope(), 'public') $$;

CREATE TABLE change_log (
  seq bigint GENERATED ALWAYS AS IDENTITY,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  position bigint,
  event_id uuid NOT NULL,
  type text NOT NULL,
  topic text NOT NULL,
  aggregate_id text NOT NULL,
  version integer NOT NULL,
  state jsonb NOT NULL,
  changed jsonb NOT NULL,
  scope text[] NOT NULL,
  scope_before text[],
  legal_time timestamptz NOT NULL,
  actor text,
  actor_body text,
  reason text,
  legal_basis text,
  correlation_id text,
  traceparent text,
  cause uuid,
  hash bytea,
  PRIMARY KEY (seq, recorded_at)
) PARTITION BY RANGE (recorded_at);
CREATE INDEX ix_change_log_unsequenced ON change_log (seq) WHERE position IS NULL;
CREATE INDEX ix_change_log_position ON change_log (position);
CREATE INDEX ix_change_log_aggregate ON change_log (aggregate_id, version);
CREATE INDEX ix_change_log_cause ON change_log (cause) WHERE cause IS NOT NULL;
CREATE TABLE change_log_rest PARTITION OF change_log DEFAULT;

CREATE TABLE log_state (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  epoch text NOT NULL,
  position bigint NOT NULL DEFAULT 0,
  hash bytea NOT NULL DEFAULT '',
  shipped bigint NOT NULL DEFAULT 0,
  holder integer,
  heartbeat_at timestamptz,
  head_published_on date
);
INSERT INTO log_state (epoch) VALUES (uuidv7()::text);

CREATE TABLE log_epoch (
  epoch text PRIMARY KEY,
  began_at timestamptz NOT NULL DEFAULT now(),
  position bigint NOT NULL,
  hash bytea NOT NULL,
  reason text NOT NULL
);
INSERT INTO log_epoch (epoch, position, hash, reason) SELECT epoch, 0, '', 'first' FROM log_state;

CREATE TABLE idempotency (
  client text NOT NULL,
  key text NOT NULL,
  fingerprint bytea NOT NULL,
  scope text NOT NULL,
  status smallint NOT NULL,
  headers jsonb NOT NULL,
  body bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (client, key)
);
CREATE INDEX ix_idempotency_created_at ON idempotency (created_at);

CREATE TABLE inbox (
  consumer text NOT NULL,
  event_id uuid NOT NULL,
  source text NOT NULL,
  seq bigint NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, event_id)
);
CREATE INDEX ix_inbox_source_seq ON inbox (source, seq);

CREATE TABLE source_state (
  source text PRIMARY KEY,
  epoch text,
  position bigint NOT NULL DEFAULT 0,
  seq_floor bigint NOT NULL DEFAULT 0,
  fresh_at timestamptz,
  heard_at timestamptz,
  partitions jsonb NOT NULL DEFAULT '{}',
  wanted_epoch text
);

CREATE TABLE dead_letter (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  consumer text NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  "offset" bigint NOT NULL,
  key text NOT NULL,
  headers jsonb NOT NULL,
  value bytea NOT NULL,
  reason text NOT NULL,
  detail text,
  state text NOT NULL DEFAULT 'PARKED' CHECK (state IN ('PARKED', 'REDRIVEN', 'DISCARDED')),
  parked_at timestamptz NOT NULL DEFAULT now(),
  resolved_at timestamptz,
  resolved_by text,
  resolution text,
  tries integer NOT NULL DEFAULT 0,
  tried_at timestamptz,
  repaired_value bytea,
  repaired_headers jsonb,
  repaired_by text,
  repaired_at timestamptz,
  repair_reason text,
  ordered text CHECK (ordered IN ('REDRIVE', 'DISCARD')),
  ordered_by text,
  ordered_at timestamptz,
  order_reason text
);
CREATE UNIQUE INDEX uq_dead_letter_parked ON dead_letter (consumer, topic, partition, "offset", sha256(value))
  WHERE state = 'PARKED';
CREATE INDEX ix_dead_letter_parked ON dead_letter (consumer, topic, key) WHERE state = 'PARKED';
CREATE INDEX ix_dead_letter_ordered ON dead_letter (id) WHERE state = 'PARKED' AND ordered IS NOT NULL;

CREATE TABLE vanished_cause (
  consumer text NOT NULL,
  event_id uuid NOT NULL,
  source text NOT NULL,
  seq bigint NOT NULL,
  received_at timestamptz NOT NULL,
  epoch text NOT NULL,
  found_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, event_id)
);

CREATE TABLE bus_cursor (
  consumer_group text NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  "offset" bigint NOT NULL,
  PRIMARY KEY (consumer_group, topic, partition)
);

CREATE TABLE deadline (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  term text NOT NULL,
  subject text NOT NULL,
  revision integer NOT NULL,
  kind text NOT NULL,
  due_at timestamptz NOT NULL,
  fired_at timestamptz,
  UNIQUE (term, subject, revision, kind)
);
CREATE INDEX ix_deadline_open ON deadline (due_at) WHERE fired_at IS NULL;
"""

_GRANTS = """
GRANT USAGE ON SCHEMA public TO {service}_runtime, {service}_worker, {service}_reader;
GRANT SELECT, INSERT ON change_log, idempotency, deadline TO {service}_runtime;
GRANT SELECT ON log_state, log_epoch, inbox, source_state, dead_letter, vanished_cause TO {service}_runtime;
GRANT UPDATE (repaired_value, repaired_headers, repaired_by, repaired_at, repair_reason,
  ordered, ordered_by, ordered_at, order_reason) ON dead_letter TO {service}_runtime;
GRANT SELECT, INSERT, UPDATE, DELETE ON
  log_state, idempotency, inbox, source_state, dead_letter, vanished_cause, bus_cursor, deadline TO {service}_worker;
GRANT SELECT, INSERT ON log_epoch TO {service}_worker;
GRANT SELECT, INSERT ON change_log TO {service}_worker;
GRANT UPDATE (position, hash) ON change_log TO {service}_worker;
GRANT SELECT ON change_log TO {service}_reader;
GRANT SELECT ON alembic_version TO {service}_runtime, {service}_worker, {service}_reader;

ALTER TABLE change_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE change_log FORCE ROW LEVEL SECURITY;
CREATE POLICY see ON change_log FOR SELECT TO {service}_runtime, {service}_reader
  USING ((scope || coalesce(scope_before, '{{}}')) && (SELECT app_scope()));
CREATE POLICY add ON change_log FOR INSERT TO {service}_runtime WITH CHECK (true);
CREATE POLICY work ON change_log TO {service}_worker USING (true) WITH CHECK (true);
"""

_PARTITION_FUNCTION = """
CREATE FUNCTION change_log_partition(month date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
BEGIN
  EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF change_log FOR VALUES FROM (%L) TO (%L)',
    'change_log_' || to_char(month, 'YYYYMM'),
    date_trunc('month', month), date_trunc('month', month) + interval '1 month');
END $$"""

_PARTITION_GRANTS = """
REVOKE ALL ON FUNCTION change_log_partition(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION change_log_partition(date) TO {service}_worker;
"""


def bookkeeping_v1(service: str, *, today: date) -> Iterator[str]:
    """Statements for the change log, idempotency keys, inbox, dead letters, cursors and deadlines of `service`.

    Monthly partitions are made for this month and the next two; the worker makes later ones ahead of time, and the
    default partition keeps what it should ever miss.
    """
    yield from _statements(_TABLES)
    yield _PARTITION_FUNCTION
    yield from _statements(_PARTITION_GRANTS.format(service=service))
    for ahead in range(3):
        month = today.replace(day=1)
        yield f"SELECT change_log_partition((DATE '{month}' + INTERVAL '{ahead} months')::date)"
    yield from _statements(_GRANTS.format(service=service))
    yield from access_v1(service)


def _statements(script: str) -> Iterator[str]:
    """One statement at a time: a prepared statement holds no more."""
    yield from (statement for statement in script.split(";\n") if statement.strip())


def log_as_written() -> Iterator[str]:
    """Statements by which the change log keeps its JSON as the text that came, which hashes to the same as before.

    And two indexes cost a write less: no row is in that of positions before it has one, and that of the answers' age
    is a summary of pages, as they come in its order.
    """
    yield """
ALTER TABLE change_log ALTER COLUMN state TYPE json USING state::json, ALTER COLUMN changed TYPE json
  USING changed::json"""
    yield "DROP INDEX ix_change_log_position"
    yield "CREATE INDEX ix_change_log_position ON change_log (position) WHERE position IS NOT NULL"
    yield "DROP INDEX ix_idempotency_created_at"
    yield "CREATE INDEX ix_idempotency_created_at ON idempotency USING brin (created_at) WITH (autosummarize = on)"


def scoped_v1(service: str, table: str) -> Iterator[str]:
    """Row-level security of a table with a `scope` column.

    The runtime role sees rows whose scope meets the caller's keys and writes only rows within the caller's own
    territory or body; the worker sees all rows of its service.
    """
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    yield f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
    yield (
        f"CREATE POLICY see ON {table} FOR SELECT TO {service}_runtime, {service}_reader "
        "USING (scope && (SELECT app_scope()))"
    )
    yield (
        f"CREATE POLICY add ON {table} FOR INSERT TO {service}_runtime WITH CHECK (scope && (SELECT app_write_scope()))"
    )
    yield (
        f"CREATE POLICY alter ON {table} FOR UPDATE TO {service}_runtime "
        "USING (scope && (SELECT app_scope())) WITH CHECK (scope && (SELECT app_write_scope()))"
    )
    yield f"CREATE POLICY work ON {table} TO {service}_worker USING (true) WITH CHECK (true)"
    yield f"GRANT SELECT ON {table} TO {service}_reader"
    yield f"GRANT SELECT, INSERT, UPDATE ON {table} TO {service}_runtime"
    yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {service}_worker"
