-- What every service keeps beside its own tables: the change log and its state, answers under idempotency keys, what
-- was consumed and what could not be, cursors of the embedded bus, deadlines; and the two functions of scope policies.

CREATE FUNCTION app_scope() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT string_to_array(NULLIF(current_setting('app.scope', true), ''), ',') $$;
CREATE FUNCTION app_write_scope() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT array_remove(app_scope(), 'public') $$;

-- JSON as the text that was written: it is passed on as it is and hashes to the same.
CREATE TABLE change_log (
  seq bigint GENERATED ALWAYS AS IDENTITY,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  position bigint,
  event_id uuid NOT NULL,
  type text NOT NULL,
  topic text NOT NULL,
  aggregate_id text NOT NULL,
  version integer NOT NULL,
  state json NOT NULL,
  changed json NOT NULL,
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
  mac text,
  hash bytea,
  PRIMARY KEY (seq, recorded_at)
) PARTITION BY RANGE (recorded_at);
CREATE INDEX ix_change_log_unsequenced ON change_log (seq) WHERE position IS NULL;
CREATE INDEX ix_change_log_position ON change_log (position) WHERE position IS NOT NULL;
CREATE INDEX ix_change_log_aggregate ON change_log (aggregate_id, version);
CREATE INDEX ix_change_log_cause ON change_log (cause) WHERE cause IS NOT NULL;

-- Monthly partitions for this month and the next two; the worker makes later ones ahead of time, and the default
-- partition keeps what it should ever miss.
CREATE TABLE change_log_rest PARTITION OF change_log DEFAULT;
CREATE FUNCTION change_log_partition(month date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
BEGIN
  EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF change_log FOR VALUES FROM (%L) TO (%L)',
    'change_log_' || to_char(month, 'YYYYMM'),
    date_trunc('month', month), date_trunc('month', month) + interval '1 month');
END $$;
SELECT change_log_partition((date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => ahead))::date)
  FROM generate_series(0, 2) AS ahead;

-- Changes whose MAC does not hold, and what follows them in their aggregate: they get no position, and so go nowhere,
-- until the key is known or somebody sets the one at fault aside for good.
CREATE TABLE held_change (
  seq bigint PRIMARY KEY,
  topic text NOT NULL,
  aggregate_id text NOT NULL,
  reason text NOT NULL CHECK (reason IN ('NO_MAC', 'UNKNOWN_KEY', 'WRONG_MAC', 'BEHIND')),
  held_at timestamptz NOT NULL DEFAULT now(),
  set_aside_at timestamptz,
  set_aside_by text,
  set_aside_reason text
);

CREATE TABLE log_state (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  epoch text NOT NULL,
  position bigint NOT NULL DEFAULT 0,
  hash bytea NOT NULL DEFAULT '',
  shipped bigint NOT NULL DEFAULT 0,
  holder integer,
  seen_alive_at timestamptz,
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
-- A summary of pages, as rows come in the order of their age.
CREATE INDEX ix_idempotency_created_at ON idempotency USING brin (created_at) WITH (autosummarize = on);

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
  confirmed_by text,
  confirmed_at timestamptz,
  outcome text CHECK (outcome IN ('REPLAYED', 'DISCARDED')),
  -- Follows from the others, so that who may repair need not be able to say that a record was replayed.
  -- A repair that nobody confirmed is a proposal; a repaired record whose replay fails is parked again.
  state text NOT NULL GENERATED ALWAYS AS (
    CASE WHEN outcome IS NOT NULL THEN outcome
         WHEN confirmed_at > coalesce(tried_at, '-infinity') THEN 'REPAIRED'
         ELSE 'PARKED' END) STORED,
  ordered text CHECK (ordered IN ('REPLAY', 'DISCARD')),
  ordered_by text,
  ordered_at timestamptz,
  order_reason text
);
CREATE UNIQUE INDEX uq_dead_letter_parked ON dead_letter (consumer, topic, partition, "offset", sha256(value))
  WHERE outcome IS NULL;
CREATE INDEX ix_dead_letter_parked ON dead_letter (consumer, topic, key) WHERE outcome IS NULL;
CREATE INDEX ix_dead_letter_repaired ON dead_letter (resolved_at)
  WHERE outcome = 'REPLAYED' AND confirmed_at IS NOT NULL;
CREATE INDEX ix_dead_letter_ordered ON dead_letter (id) WHERE outcome IS NULL AND ordered IS NOT NULL;

-- Who confirmed which repair: an aggregate, so each row is a change in the log.
CREATE TABLE dead_letter_repair (
  id text PRIMARY KEY,
  topic text NOT NULL,
  key text NOT NULL,
  event_id text NOT NULL,
  fault text NOT NULL,
  old_hash text NOT NULL,
  new_hash text NOT NULL,
  proposed_by text NOT NULL,
  confirmed_by text NOT NULL,
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);

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

REVOKE ALL ON FUNCTION change_log_partition(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION change_log_partition(date) TO {service}_worker;
GRANT USAGE ON SCHEMA public TO {service}_runtime, {service}_worker, {service}_reader;
GRANT SELECT ON change_log TO {service}_runtime;
-- Not its position: that is the sequencer's to give.
GRANT INSERT (event_id, type, topic, aggregate_id, version, state, changed, scope, scope_before, legal_time, actor,
  actor_body, reason, legal_basis, correlation_id, traceparent, cause, mac) ON change_log TO {service}_runtime;
GRANT SELECT, INSERT ON idempotency, deadline TO {service}_runtime;
GRANT SELECT ON held_change, log_state, log_epoch, inbox, source_state, dead_letter, vanished_cause TO {service}_runtime;
GRANT UPDATE (repaired_value, repaired_headers, repaired_by, repaired_at, repair_reason, confirmed_by, confirmed_at,
  ordered, ordered_by, ordered_at, order_reason) ON dead_letter TO {service}_runtime;
GRANT SELECT, INSERT, UPDATE, DELETE ON
  held_change, log_state, idempotency, inbox, source_state, dead_letter, vanished_cause, bus_cursor, deadline
  TO {service}_worker;
GRANT SELECT, INSERT ON log_epoch TO {service}_worker;
GRANT SELECT, INSERT ON change_log TO {service}_worker;
GRANT UPDATE (position, hash) ON change_log TO {service}_worker;
GRANT SELECT ON change_log TO {service}_reader;
GRANT SELECT ON alembic_version TO {service}_runtime, {service}_worker, {service}_reader;

ALTER TABLE change_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE change_log FORCE ROW LEVEL SECURITY;
CREATE POLICY see ON change_log FOR SELECT TO {service}_runtime, {service}_reader
  USING ((scope || coalesce(scope_before, '{}')) && (SELECT app_scope()));
CREATE POLICY add ON change_log FOR INSERT TO {service}_runtime WITH CHECK (true);
CREATE POLICY work ON change_log TO {service}_worker USING (true) WITH CHECK (true);

ALTER TABLE dead_letter_repair ENABLE ROW LEVEL SECURITY;
ALTER TABLE dead_letter_repair FORCE ROW LEVEL SECURITY;
CREATE POLICY see ON dead_letter_repair FOR SELECT TO {service}_runtime, {service}_reader
  USING (scope && (SELECT app_scope()));
CREATE POLICY add ON dead_letter_repair FOR INSERT TO {service}_runtime
  WITH CHECK (scope && (SELECT app_write_scope()));
CREATE POLICY alter ON dead_letter_repair FOR UPDATE TO {service}_runtime
  USING (scope && (SELECT app_scope())) WITH CHECK (scope && (SELECT app_write_scope()));
CREATE POLICY work ON dead_letter_repair TO {service}_worker USING (true) WITH CHECK (true);
GRANT SELECT ON dead_letter_repair TO {service}_reader;
GRANT SELECT, INSERT, UPDATE ON dead_letter_repair TO {service}_runtime, {service}_worker;
