-- Tables of reporting: other services' aggregates, with the columns that reports need.

CREATE TABLE application (
  id uuid CONSTRAINT pk_application PRIMARY KEY,
  procedure text NOT NULL,
  state text NOT NULL,
  state_group text NOT NULL,
  municipality text NOT NULL,
  overdue_after date,
  decided_on date,
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_application_municipality ON application (municipality);

CREATE TABLE finding (
  id uuid CONSTRAINT pk_finding PRIMARY KEY,
  inspection_id uuid NOT NULL,
  municipality text,
  result text NOT NULL,
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_finding_municipality ON finding (municipality);

CREATE TABLE inspection (
  id uuid CONSTRAINT pk_inspection PRIMARY KEY,
  kind text NOT NULL,
  state text NOT NULL,
  outcome text,
  place_id uuid,
  service_id uuid,
  municipality text,
  started_on date,
  closed_on date,
  flags text[] NOT NULL,
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_inspection_flagged ON inspection (municipality) WHERE flags <> '{}';
CREATE INDEX ix_inspection_municipality ON inspection (municipality);
CREATE INDEX ix_inspection_place_id_started_on ON inspection (place_id, started_on);

CREATE TABLE licence (
  id uuid CONSTRAINT pk_licence PRIMARY KEY,
  number text NOT NULL,
  sequence integer NOT NULL,
  state text NOT NULL,
  state_group text NOT NULL,
  service_id uuid NOT NULL,
  municipality text NOT NULL,
  valid_from date NOT NULL,
  valid_until date NOT NULL,
  effective_until date,
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_licence_municipality ON licence (municipality);
CREATE INDEX ix_licence_service_id ON licence (service_id);

CREATE TABLE place (
  id uuid CONSTRAINT pk_place PRIMARY KEY,
  municipality text NOT NULL,
  settlement text NOT NULL,
  address text NOT NULL,
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_place_municipality ON place (municipality);

CREATE TABLE prescription (
  id uuid CONSTRAINT pk_prescription PRIMARY KEY,
  inspection_id uuid NOT NULL,
  place_id uuid,
  municipality text,
  state text NOT NULL,
  state_group text NOT NULL,
  overdue_after date,
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_prescription_municipality ON prescription (municipality);
CREATE INDEX ix_prescription_place_id ON prescription (place_id);

CREATE TABLE provider (
  id uuid CONSTRAINT pk_provider PRIMARY KEY,
  body text NOT NULL,
  name text NOT NULL,
  legal_form text NOT NULL,
  legal_form_confirmed boolean NOT NULL,
  licence_required boolean NOT NULL,
  seat_municipality text,
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_provider_seat_municipality ON provider (seat_municipality);

CREATE TABLE service (
  id uuid CONSTRAINT pk_service PRIMARY KEY,
  name text NOT NULL,
  kind text NOT NULL,
  activity_groups text[] NOT NULL,
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
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_service_municipality_name ON service (municipality, name, id);
CREATE INDEX ix_service_name ON service (name, id);
CREATE INDEX ix_service_operator_id ON service (operator_id);
CREATE INDEX ix_service_place_id ON service (place_id);
CREATE INDEX ix_service_provider_id ON service (provider_id);

CREATE TABLE territory (
  id text CONSTRAINT pk_territory PRIMARY KEY,
  level text NOT NULL,
  name_bg text NOT NULL,
  name_en text NOT NULL,
  parent text,
  nuts text,
  population integer NOT NULL,
  age0_14 integer NOT NULL,
  age65plus integer NOT NULL,
  version integer NOT NULL,
  scope text[] NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_territory_parent ON territory (parent);
