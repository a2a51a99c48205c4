-- Tables of monitoring.

CREATE TABLE finding (
  id uuid CONSTRAINT pk_finding PRIMARY KEY,
  inspection_id uuid NOT NULL,
  number integer NOT NULL,
  municipality text,
  standard text NOT NULL,
  criterion text,
  catalogue_version text NOT NULL,
  result text NOT NULL,
  recorded_at timestamptz NOT NULL,
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT uq_finding_inspection_id_number UNIQUE (inspection_id, number)
);

CREATE TABLE ingest_event (
  id uuid DEFAULT uuidv7() CONSTRAINT pk_ingest_event PRIMARY KEY,
  source text NOT NULL,
  event_id text NOT NULL,
  subject text NOT NULL,
  sequence integer NOT NULL,
  type text NOT NULL,
  time timestamptz,
  digest bytea NOT NULL,
  payload jsonb NOT NULL,
  repaired jsonb,
  repaired_by text,
  repaired_at timestamptz,
  repair_reason text,
  confirmed_by text,
  confirmed_at timestamptz,
  confirmation text,
  state text NOT NULL DEFAULT 'PENDING'
    CONSTRAINT ck_ingest_event_state CHECK (state IN ('PENDING', 'APPLIED', 'HELD', 'PARKED', 'REPAIRED')),
  reason text,
  detail text,
  version integer NOT NULL DEFAULT 1,
  received_at timestamptz NOT NULL DEFAULT now(),
  applied_at timestamptz,
  correlation_id text,
  traceparent text,
  scope text[] NOT NULL,
  CONSTRAINT uq_ingest_event_source_event_id UNIQUE (source, event_id),
  CONSTRAINT uq_ingest_event_source_subject_sequence UNIQUE (source, subject, sequence)
);
CREATE INDEX ix_ingest_event_pending ON ingest_event (id) WHERE state = 'PENDING';
CREATE INDEX ix_ingest_event_stopped ON ingest_event (id) WHERE state IN ('HELD', 'PARKED', 'REPAIRED');

CREATE TABLE ingest_inspection (
  id uuid DEFAULT uuidv7() CONSTRAINT pk_ingest_inspection PRIMARY KEY,
  source text NOT NULL,
  subject text NOT NULL,
  inspection_id uuid,
  applied integer NOT NULL,
  held integer NOT NULL,
  missing integer[] NOT NULL,
  missing_count integer NOT NULL,
  parked integer[] NOT NULL,
  since timestamptz,
  scope text[] NOT NULL,
  CONSTRAINT uq_ingest_inspection_source_subject UNIQUE (source, subject)
);
CREATE INDEX ix_ingest_inspection_awaiting ON ingest_inspection (id) WHERE since IS NOT NULL;

CREATE TABLE inspection (
  id uuid CONSTRAINT pk_inspection PRIMARY KEY,
  source text NOT NULL,
  reference text NOT NULL,
  kind text NOT NULL,
  state text NOT NULL,
  outcome text,
  place_id uuid,
  service_id uuid,
  provider_body text,
  municipality text,
  settlement text,
  address text,
  started_on date,
  closed_on date,
  flags text[] NOT NULL,
  failed_criteria integer,
  prescriptions integer,
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now(),
  period_since date,
  period_until date,
  order_number text,
  ordered_on date,
  objections_due date,
  report_number text,
  approved_on date,
  follow_up_due date,
  follow_up_id uuid,
  provider_basis text,
  participants text[] NOT NULL,
  address_withheld boolean NOT NULL,
  flags_contradicted text[] NOT NULL,
  confirmed_on date,
  stated_by text NOT NULL,
  confirmed_by_agency boolean NOT NULL,
  CONSTRAINT uq_inspection_source_reference UNIQUE (source, reference)
);
CREATE INDEX ix_inspection_municipality_started_on ON inspection (municipality, started_on, id);
CREATE INDEX ix_inspection_place_id ON inspection (place_id);
CREATE INDEX ix_inspection_started_on ON inspection (started_on, id);

CREATE TABLE inspection_duty (
  id uuid DEFAULT uuidv7() CONSTRAINT pk_inspection_duty PRIMARY KEY,
  inspection_id uuid NOT NULL,
  part text NOT NULL,
  subject text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  scope text[] NOT NULL,
  CONSTRAINT uq_inspection_duty_inspection_id_part_subject UNIQUE (inspection_id, part, subject)
);

CREATE TABLE inspection_site (
  inspection_id uuid CONSTRAINT pk_inspection_site PRIMARY KEY,
  key text,
  place_id uuid,
  municipality text,
  settlement text,
  address text,
  provider_eik text,
  started_on date NOT NULL,
  scope text[] NOT NULL
);
CREATE INDEX ix_inspection_site_key ON inspection_site (key);
CREATE INDEX ix_inspection_site_place_id ON inspection_site (place_id);

CREATE TABLE licence (
  id uuid CONSTRAINT pk_licence PRIMARY KEY,
  place_id uuid NOT NULL,
  valid_from date NOT NULL,
  effective_until date,
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_licence_place_id ON licence (place_id);

CREATE TABLE place (
  id uuid CONSTRAINT pk_place PRIMARY KEY,
  key text NOT NULL,
  municipality text NOT NULL,
  settlement text NOT NULL,
  address text NOT NULL,
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_place_key ON place (key);

CREATE TABLE prescription (
  id uuid CONSTRAINT pk_prescription PRIMARY KEY,
  inspection_id uuid NOT NULL,
  reference text NOT NULL,
  municipality text,
  place_id uuid,
  provider_body text,
  state text NOT NULL,
  state_group text NOT NULL,
  issued_on date,
  due_on date NOT NULL,
  proposed_on date,
  extended_on date,
  overdue_after date,
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT uq_prescription_inspection_id_reference UNIQUE (inspection_id, reference)
);
CREATE INDEX ix_prescription_due_on ON prescription (due_on, id);

CREATE TABLE push_source (
  name text CONSTRAINT pk_push_source PRIMARY KEY,
  added_at timestamptz NOT NULL DEFAULT now(),
  disabled_at timestamptz
);

CREATE TABLE push_key (
  id uuid DEFAULT uuidv7() CONSTRAINT pk_push_key PRIMARY KEY,
  source text NOT NULL CONSTRAINT fk_push_key_source_push_source REFERENCES push_source,
  version text NOT NULL CONSTRAINT ck_push_key_version CHECK (version IN ('v1', 'v1a')),
  material bytea NOT NULL,
  added_at timestamptz NOT NULL DEFAULT now(),
  retires_at timestamptz,
  kek text
);
CREATE INDEX ix_push_key_source ON push_key (source);
GRANT SELECT ON push_source, push_key TO monitoring_runtime;
GRANT SELECT, INSERT, UPDATE, DELETE ON push_source, push_key TO monitoring_worker;

CREATE TABLE pushed_record (
  id uuid DEFAULT uuidv7() CONSTRAINT pk_pushed_record PRIMARY KEY,
  topic text NOT NULL,
  partition integer NOT NULL,
  "offset" bigint NOT NULL,
  key text NOT NULL,
  source text,
  event_id text,
  state text NOT NULL
    CONSTRAINT ck_pushed_record_state CHECK (state IN ('DUPLICATE', 'PARKED', 'REPAIRED', 'REPLAYED', 'DISCARDED')),
  result text NOT NULL,
  errors jsonb NOT NULL,
  headers jsonb NOT NULL,
  value bytea,
  repaired jsonb,
  repaired_by text,
  repaired_at timestamptz,
  repair_reason text,
  version integer NOT NULL DEFAULT 1,
  received_at timestamptz NOT NULL DEFAULT now(),
  resolved_at timestamptz,
  resolved_by text,
  resolution text,
  scope text[] NOT NULL,
  CONSTRAINT uq_pushed_record_topic_partition_offset UNIQUE (topic, partition, "offset")
);
CREATE INDEX ix_pushed_record_parked ON pushed_record (id) WHERE state IN ('PARKED', 'REPAIRED');

CREATE TABLE restricted_text (
  id uuid DEFAULT uuidv7() CONSTRAINT pk_restricted_text PRIMARY KEY,
  subject_id uuid NOT NULL,
  kind text NOT NULL,
  body text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  scope text[] NOT NULL
);
CREATE INDEX ix_restricted_text_subject_id ON restricted_text (subject_id);

CREATE TABLE service (
  id uuid CONSTRAINT pk_service PRIMARY KEY,
  place_id uuid NOT NULL,
  licence_required boolean NOT NULL,
  provider_body text NOT NULL,
  operator_body text,
  started_on date,
  closed_on date,
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_service_place_id ON service (place_id);

CREATE TABLE signal (
  id uuid CONSTRAINT pk_signal PRIMARY KEY,
  receipt text NOT NULL CONSTRAINT uq_signal_receipt UNIQUE,
  channel text NOT NULL,
  category text NOT NULL,
  danger_to_life boolean NOT NULL,
  anonymous boolean NOT NULL,
  about_person boolean NOT NULL,
  municipality text NOT NULL,
  place_id uuid,
  service_id uuid,
  state text NOT NULL,
  received_at timestamptz NOT NULL,
  forwarding_due date NOT NULL,
  decision_due date NOT NULL,
  overdue text[] NOT NULL,
  forwarded_to text,
  forwarded_on date,
  decided_on date,
  refusal_ground text,
  inspection_id uuid,
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_signal_decision_due ON signal (decision_due, id);
CREATE INDEX ix_signal_place_id ON signal (place_id);
CREATE INDEX ix_signal_received_at ON signal (received_at, id);
