"""The content of a table of aggregates in one hash, the same at its owner and in a copy that keeps some of its columns.

Rows are digested over the chosen columns, as JSON whose text PostgreSQL makes canonical, and hashed by 256 buckets of
their ids: where the whole differs, only the buckets that differ have to be compared row by row.
"""

from collections.abc import Collection
from typing import Final

from aksu_shared.events.base import Event

BUCKETS: Final = 256


def digest_sql(table: str, fields: Collection[str], condition: str) -> str:
    """SQL of one JSON object: count, last version, hash, and the hash of each bucket.

    `fields` are columns of `table`; they and `condition` must come from code or be checked before.
    """
    return f"""
SELECT json_build_object(
  'count', coalesce(sum(count), 0), 'last_version', coalesce(max(version), 0),
  'hash', encode(sha256(coalesce(string_agg(hash, ''::bytea ORDER BY bucket), ''::bytea)), 'hex'),
  'buckets', coalesce(json_object_agg(bucket, encode(hash, 'hex')), '{{}}'::json))
FROM (
  SELECT bucket, count(*) AS count, max(version) AS version, sha256(string_agg(digest, ''::bytea ORDER BY key)) AS hash
    FROM ({_rows(table, fields, condition)}) r GROUP BY bucket) b"""


def bucket_sql(table: str, fields: Collection[str], condition: str, *, bucket: str) -> str:
    """SQL of the rows of one bucket (a parameter's place, as `$2`): a JSON array of `[id, version, digest]`."""
    return f"""
SELECT coalesce(json_agg(json_build_array(key, version, encode(digest, 'hex')) ORDER BY key), '[]'::json)
  FROM ({_rows(table, fields, condition)}) r WHERE bucket = {bucket}"""


def _rows(table: str, fields: Collection[str], condition: str) -> str:
    pairs = ", ".join(f"'{name}', t.{name}" for name in sorted({*fields, "version", "scope"}))
    return f"""
SELECT t.id::text COLLATE "C" AS key, t.version, left(md5(t.id::text), 2) AS bucket,
       sha256(convert_to(jsonb_build_object({pairs})::text, 'UTF8')) AS digest
  FROM {table} t WHERE {condition}"""


def comparable(fact: type[Event], columns: Collection[str]) -> list[str]:  # type: ignore[type-arg]  # any state
    """The fields of an aggregate that a table with `columns` keeps, sorted."""
    return sorted(set(fact.schema.model_fields) & set(columns))
