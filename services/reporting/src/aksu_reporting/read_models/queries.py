"""How fresh the copies are, as SQL that stands in the statements of reports."""

from typing import Final

SOURCES: Final = ("registry", "licensing", "monitoring")
"""Services whose events the read models are made of."""

_NAMES: Final = ", ".join(f"'{source}'" for source in SOURCES)
_EACH_SOURCE: Final = f"""unnest(ARRAY[{_NAMES}]) WITH ORDINALITY AS w (name, n)
  LEFT JOIN source_state f ON f.source = w.name"""

FRESH_AT: Final = f"""
(SELECT CASE WHEN count(fresh_at) = {len(SOURCES)} THEN min(fresh_at) END FROM source_state
  WHERE source IN ({_NAMES}))"""
"""How fresh a row made of all sources is: as fresh as the least fresh of them."""

FRESH_AT_OF_EACH: Final = f"(SELECT json_object_agg(w.name, f.fresh_at ORDER BY w.n) FROM {_EACH_SOURCE})"
"""How fresh each source's copy is: `FreshAt`."""

FRESHNESS: Final = f"""
SELECT json_build_object('items', json_agg(json_build_object(
    'source', w.name, 'epoch', f.epoch, 'position', coalesce(f.position, 0), 'fresh_at', f.fresh_at) ORDER BY w.n),
    'next', NULL)
  FROM {_EACH_SOURCE}
 WHERE s.v IS NOT NULL"""
"""How far reporting is with each source: `Freshness`."""
