-- Tables of licensing.

CREATE TABLE application (
  id uuid CONSTRAINT pk_application PRIMARY KEY,
  procedure text NOT NULL,
  state text NOT NULL,
  state_group text NOT NULL,
  service_id uuid NOT NULL,
  service_name text NOT NULL,
  provider_id uuid NOT NULL,
  provider_body text NOT NULL,
  provider_name text NOT NULL,
  responsible_body text,
  place_id uuid NOT NULL,
  municipality text NOT NULL,
  settlement text NOT NULL,
  address text NOT NULL,
  filed_on date NOT NULL,
  held_licence_id uuid,
  changed_on date,
  late boolean NOT NULL,
  request text,
  incoming_number text CONSTRAINT uq_application_incoming_number UNIQUE,
  received_on date,
  receipt_unconfirmed boolean NOT NULL,
  registered_by text,
  term text,
  term_due date,
  term_basis text,
  term_state text,
  term_revision integer NOT NULL,
  clock_since date,
  pauses jsonb NOT NULL,
  decision_due date,
  overdue_after date,
  proposed_by text,
  proposed_on date,
  decision text,
  order_number text,
  decided_on date,
  notified_on date,
  appealed_on date,
  court_decision text,
  note text,
  licence_id uuid,
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_application_filed_on ON application (filed_on, id);
CREATE INDEX ix_application_municipality ON application (municipality, filed_on, id);
CREATE INDEX ix_application_service_id ON application (service_id);
CREATE INDEX ix_application_term_due ON application (term_due, id);
CREATE UNIQUE INDEX uq_application_open ON application (provider_id, service_id) WHERE state_group IN ('FILED', 'PENDING');

CREATE TABLE conditions (
  id uuid CONSTRAINT pk_conditions PRIMARY KEY,
  application_id uuid NOT NULL CONSTRAINT uq_conditions_application_id UNIQUE,
  procedure text NOT NULL,
  provider_id uuid NOT NULL,
  provider_body text NOT NULL,
  conditions jsonb NOT NULL,
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE counter (
  name text CONSTRAINT pk_counter PRIMARY KEY,
  value bigint NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON counter TO licensing_runtime, licensing_worker;
GRANT SELECT ON counter TO licensing_reader;

CREATE TABLE document (
  id uuid CONSTRAINT pk_document PRIMARY KEY,
  application_id uuid NOT NULL,
  kind text NOT NULL,
  media_type text NOT NULL,
  size integer NOT NULL,
  sha256 text NOT NULL,
  attached_at timestamptz NOT NULL,
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_document_application_id ON document (application_id, attached_at, id);

-- Without btree_gist a range of one uuid stands for equality.
CREATE TYPE uuidrange AS RANGE (subtype = uuid);
CREATE TABLE licence (
  id uuid CONSTRAINT pk_licence PRIMARY KEY,
  number text NOT NULL CONSTRAINT uq_licence_number UNIQUE,
  sequence integer NOT NULL,
  state text NOT NULL,
  state_group text NOT NULL,
  origin text NOT NULL,
  kind text NOT NULL,
  service_id uuid NOT NULL,
  provider_id uuid NOT NULL,
  provider_body text NOT NULL,
  provider_name text NOT NULL,
  place_id uuid NOT NULL,
  municipality text NOT NULL,
  issued_on date NOT NULL,
  communicated_on date,
  in_force_on date,
  valid_from date NOT NULL,
  valid_until date NOT NULL,
  ended_on date,
  effective_until date,
  predecessor_id uuid,
  application_id uuid,
  register_row_id uuid,
  violations text,
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT ck_licence_validity CHECK (valid_from <= valid_until),
  -- Of licences that have effect; checked at the end of a statement, so that a successor and its predecessor may change
  -- together.
  CONSTRAINT ex_licence_live EXCLUDE USING gist (
    uuidrange(service_id, service_id, '[]') WITH &&,
    uuidrange(provider_id, provider_id, '[]') WITH &&,
    uuidrange(place_id, place_id, '[]') WITH &&,
    daterange(valid_from, valid_until, '[]') WITH &&
  ) WHERE (state_group = 'LIVE') DEFERRABLE INITIALLY IMMEDIATE
);
CREATE INDEX ix_licence_issued_on ON licence (issued_on, sequence, id);
CREATE INDEX ix_licence_municipality ON licence (municipality, valid_until, id);
CREATE INDEX ix_licence_place_id ON licence (place_id);
CREATE INDEX ix_licence_predecessor_id ON licence (predecessor_id);
CREATE INDEX ix_licence_provider_body ON licence (provider_body);
CREATE INDEX ix_licence_sequence ON licence (sequence, id);
CREATE INDEX ix_licence_service_id ON licence (service_id);
CREATE INDEX ix_licence_valid_until ON licence (valid_until, id);
CREATE UNIQUE INDEX uq_licence_register_row ON licence (register_row_id, kind);

CREATE TABLE manager_check (
  id uuid CONSTRAINT pk_manager_check PRIMARY KEY,
  application_id uuid NOT NULL,
  position text NOT NULL,
  source text NOT NULL,
  checked_at timestamptz NOT NULL,
  checked_by text NOT NULL,
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_manager_check_application_id ON manager_check (application_id, checked_at, id);

CREATE TABLE order_number (
  number text NOT NULL,
  year integer NOT NULL,
  CONSTRAINT pk_order_number PRIMARY KEY (number, year)
);
GRANT SELECT, INSERT ON order_number TO licensing_runtime, licensing_worker;
GRANT SELECT ON order_number TO licensing_reader;

CREATE TABLE provider (
  id uuid CONSTRAINT pk_provider PRIMARY KEY,
  body text NOT NULL,
  eik text,
  name text NOT NULL,
  legal_form_confirmed boolean NOT NULL,
  licence_required boolean NOT NULL,
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE register_row (
  id uuid CONSTRAINT pk_register_row PRIMARY KEY,
  number text NOT NULL,
  service_id uuid NOT NULL,
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE service (
  id uuid CONSTRAINT pk_service PRIMARY KEY,
  name text NOT NULL,
  kind text NOT NULL,
  state text NOT NULL,
  licence_required boolean NOT NULL,
  provider_id uuid NOT NULL,
  provider_body text NOT NULL,
  provider_name text NOT NULL,
  operator_id uuid,
  operator_body text,
  operator_name text,
  place_id uuid NOT NULL,
  municipality text NOT NULL,
  settlement text NOT NULL,
  address text NOT NULL,
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);
