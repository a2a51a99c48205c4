-- Personal data: a wrapped key per subject, what is held under it, and the key of the blind index. What is done to a
-- subject goes to the log of restricted reads. After access_v1; then scoped_v1 of subject_key and personal_data.

CREATE TABLE subject_key (
  id uuid PRIMARY KEY,
  kind text NOT NULL,
  row_id uuid NOT NULL,
  kek text,
  wrapped bytea,
  lookup bytea[] NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  counts_from timestamptz,
  restricted_at timestamptz,
  restricted_by text,
  restriction_ground text,
  destroyed_at timestamptz,
  destroyed_by text,
  destruction_ground text,
  scope text[] NOT NULL,
  CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);
CREATE INDEX ix_subject_key_row_id ON subject_key (row_id);
CREATE INDEX ix_subject_key_lookup ON subject_key USING gin (lookup);
CREATE INDEX ix_subject_key_counts_from ON subject_key (kind, counts_from) WHERE destroyed_at IS NULL;

CREATE TABLE personal_data (
  subject uuid NOT NULL REFERENCES subject_key,
  field text NOT NULL,
  sealed bytea,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  scope text[] NOT NULL,
  PRIMARY KEY (subject, field)
);

-- One key of the whole service: nobody's data, so without a scope.
CREATE TABLE subject_index (
  id text PRIMARY KEY DEFAULT 'index' CHECK (id = 'index'),
  kek text NOT NULL,
  wrapped bytea NOT NULL
);

GRANT SELECT, INSERT ON subject_index TO {service}_runtime;
GRANT SELECT, UPDATE ON subject_index TO {service}_worker;
GRANT INSERT (actor, roles, body, action, request, objects, purpose, correlation_id, scope)
  ON read_log TO {service}_worker;
