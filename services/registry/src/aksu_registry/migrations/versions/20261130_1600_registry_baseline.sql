-- Tables of the registry.

CREATE TABLE access_request (
  id uuid CONSTRAINT pk_access_request PRIMARY KEY,
  subject text NOT NULL,
  reason text NOT NULL,
  requested_by text NOT NULL,
  accountable boolean NOT NULL,
  confirmed_by text,
  state text NOT NULL,
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE body (
  id text CONSTRAINT pk_body PRIMARY KEY,
  code text NOT NULL CONSTRAINT uq_body_code UNIQUE,
  kind text NOT NULL,
  level text NOT NULL,
  name_bg text NOT NULL,
  name_en text NOT NULL,
  territory text,
  parent text,
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_body_territory ON body (territory);

CREATE TABLE place (
  id uuid CONSTRAINT pk_place PRIMARY KEY,
  key text NOT NULL CONSTRAINT uq_place_key UNIQUE,
  municipality text NOT NULL,
  settlement text NOT NULL,
  address text NOT NULL,
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_place_municipality ON place (municipality);

CREATE TABLE provider (
  id uuid CONSTRAINT pk_provider PRIMARY KEY,
  body text NOT NULL CONSTRAINT uq_provider_body UNIQUE,
  eik text CONSTRAINT uq_provider_eik UNIQUE,
  name text NOT NULL,
  legal_form text NOT NULL,
  legal_form_confirmed boolean NOT NULL,
  licence_required boolean NOT NULL,
  seat_municipality text,
  seat_address text,
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_provider_name ON provider (name);
CREATE INDEX ix_provider_seat_municipality ON provider (seat_municipality);

CREATE TABLE register_row (
  id uuid CONSTRAINT pk_register_row PRIMARY KEY,
  number text NOT NULL CONSTRAINT uq_register_row_number UNIQUE,
  service_id uuid NOT NULL,
  provider_id uuid NOT NULL,
  provider_body text NOT NULL,
  provider_name text NOT NULL,
  place_id uuid NOT NULL,
  municipality text NOT NULL,
  original jsonb NOT NULL,
  changed jsonb,
  renewed jsonb,
  violations text,
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_register_row_service_id ON register_row (service_id);

CREATE TABLE service (
  id uuid CONSTRAINT pk_service PRIMARY KEY,
  name text NOT NULL,
  kind text NOT NULL,
  activity_groups text[] NOT NULL,
  target_groups text[] NOT NULL,
  financing text NOT NULL,
  management text,
  capacity integer,
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
  started_on date,
  closed_on date,
  claim text,
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_service_municipality_name ON service (municipality, name, id);
CREATE INDEX ix_service_name ON service (name, id);
CREATE INDEX ix_service_operator_id ON service (operator_id) WHERE operator_id IS NOT NULL;
CREATE INDEX ix_service_place_id_name ON service (place_id, name);
CREATE INDEX ix_service_provider_id ON service (provider_id);
CREATE UNIQUE INDEX uq_service_claim ON service (claim) WHERE claim IS NOT NULL;

CREATE TABLE territory (
  id text CONSTRAINT pk_territory PRIMARY KEY,
  code text NOT NULL CONSTRAINT uq_territory_code UNIQUE,
  level text NOT NULL,
  name_bg text NOT NULL,
  name_en text NOT NULL,
  parent text,
  nuts text,
  population integer NOT NULL,
  age0_14 integer NOT NULL,
  age65plus integer NOT NULL,
  valid_from date NOT NULL,
  valid_to date,
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_territory_parent ON territory (parent);
