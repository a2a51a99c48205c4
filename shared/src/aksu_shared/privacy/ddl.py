"""DDL of personal data: a wrapped key per subject, what is held under it, and the key of the blind index."""

from collections.abc import Iterator
from typing import Final

from aksu_shared.db.ddl import scoped_v1

PRIVACY_TABLES: Final = frozenset({"subject_key", "personal_data", "subject_index"})
"""Tables that `privacy_v1` makes; alembic's comparison leaves them to it."""

_SUBJECT_KEY: Final = """
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
)"""
_PERSONAL_DATA: Final = """
CREATE TABLE personal_data (
  subject uuid NOT NULL REFERENCES subject_key,
  field text NOT NULL,
  sealed bytea,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  scope text[] NOT NULL,
  PRIMARY KEY (subject, field)
)"""
# One key of the whole service: nobody's data, so without a scope.
_SUBJECT_INDEX: Final = """
CREATE TABLE subject_index (
  id text PRIMARY KEY DEFAULT 'index' CHECK (id = 'index'),
  kek text NOT NULL,
  wrapped bytea NOT NULL
)"""
_INDEXES: Final = (
    "CREATE INDEX ix_subject_key_row_id ON subject_key (row_id)",
    "CREATE INDEX ix_subject_key_lookup ON subject_key USING gin (lookup)",
    "CREATE INDEX ix_subject_key_counts_from ON subject_key (kind, counts_from) WHERE destroyed_at IS NULL",
)


def privacy_v1(service: str) -> Iterator[str]:
    """Statements for the personal data of `service`; what is done to a subject goes to the log of restricted reads."""
    yield from (_SUBJECT_KEY, _PERSONAL_DATA, _SUBJECT_INDEX, *_INDEXES)
    for table in ("subject_key", "personal_data"):
        yield from scoped_v1(service, table)
    yield f"GRANT SELECT, INSERT ON subject_index TO {service}_runtime"
    yield f"GRANT SELECT, UPDATE ON subject_index TO {service}_worker"
    yield (
        "GRANT INSERT (actor, roles, body, action, request, objects, purpose, correlation_id, scope)"
        f" ON read_log TO {service}_worker"
    )
