-- The headline figures of the territories of one level inside a territory, one row each, or no row for an unknown code.
--
-- $2 code · $3 legal today · $4 last day up to which a licence that ends is expiring · $5 states in which a licence
-- runs · $6 in which it is in force · $7 of open prescriptions · $8 of those whose term runs · $9 level, or NULL for
-- the next one down
WITH at AS MATERIALIZED (
  SELECT t.*, coalesce($9::text, CASE t.level WHEN 'NATION' THEN 'REGION' WHEN 'REGION' THEN 'OBLAST'
                                              WHEN 'OBLAST' THEN 'MUNICIPALITY' END) AS wanted
    FROM territory t WHERE t.id = $2 AND s.v IS NOT NULL
),
part AS MATERIALIZED ( -- municipality → the child it lies in
  SELECT m.id AS municipality, CASE at.wanted WHEN 'REGION' THEN r.id WHEN 'OBLAST' THEN o.id ELSE m.id END AS child
    FROM at, territory m
    JOIN territory o ON o.id = m.parent
    JOIN territory r ON r.id = o.parent
   WHERE m.level = 'MUNICIPALITY'
     AND $2 = ANY (CASE at.wanted WHEN 'REGION' THEN ARRAY[r.parent] WHEN 'OBLAST' THEN ARRAY[r.parent, r.id]
                                  WHEN 'MUNICIPALITY' THEN ARRAY[r.parent, r.id, o.id] END)
),
services AS (
  SELECT child, count(*) AS services, coalesce(sum(capacity), 0) AS places,
         count(*) FILTER (WHERE capacity IS NULL) AS capacity_unknown,
         count(*) FILTER (WHERE financing = 'STATE_DELEGATED') AS services_state_delegated,
         count(*) FILTER (WHERE financing = 'PRIVATE') AS services_private,
         count(*) FILTER (WHERE financing = 'MIXED') AS services_mixed,
         coalesce(sum(capacity) FILTER (WHERE financing = 'STATE_DELEGATED'), 0) AS places_state_delegated,
         coalesce(sum(capacity) FILTER (WHERE financing = 'PRIVATE'), 0) AS places_private,
         coalesce(sum(capacity) FILTER (WHERE financing = 'MIXED'), 0) AS places_mixed
    FROM service JOIN part USING (municipality) WHERE state = 'ACTIVE' GROUP BY 1
),
licences AS (
  SELECT child, count(*) FILTER (WHERE state = ANY ($6::text[])) AS licences_in_force,
         count(*) FILTER (WHERE state = ANY ($5::text[])
                            AND valid_until <= $4::date) AS licences_expiring
    FROM licence JOIN part USING (municipality) WHERE $3::date BETWEEN valid_from AND valid_until GROUP BY 1
),
inspections AS (
  SELECT child, count(*) AS inspections,
         count(*) FILTER (WHERE started_on >= date_trunc('year', $3::date)::date) AS inspections_this_year,
         count(*) FILTER (WHERE cardinality(flags) > 0) AS inspections_flagged
    FROM inspection JOIN part USING (municipality) GROUP BY 1
),
prescriptions AS (
  SELECT child, count(*) FILTER (WHERE state = ANY ($7::text[])) AS prescriptions_open,
         count(*) FILTER (WHERE state = ANY ($8::text[]) AND due_on < $3::date) AS prescriptions_overdue
    FROM prescription JOIN part USING (municipality) GROUP BY 1
),
rows AS (
  SELECT c.id AS code, c.level, c.name_bg, c.name_en, c.parent, c.population,
         coalesce(x.services, 0) AS services, coalesce(x.places, 0) AS places,
         coalesce(x.capacity_unknown, 0) AS capacity_unknown,
         coalesce(x.services_state_delegated, 0) AS services_state_delegated,
         coalesce(x.services_private, 0) AS services_private,
         coalesce(x.services_mixed, 0) AS services_mixed,
         coalesce(x.places_state_delegated, 0) AS places_state_delegated,
         coalesce(x.places_private, 0) AS places_private,
         coalesce(x.places_mixed, 0) AS places_mixed,
         round(x.services_state_delegated::numeric / x.services, 4) AS state_delegated_share_of_services,
         round(x.services_private::numeric / x.services, 4) AS private_share_of_services,
         round(x.places_state_delegated::numeric / nullif(x.places, 0), 4) AS state_delegated_share_of_places,
         round(x.places_private::numeric / nullif(x.places, 0), 4) AS private_share_of_places,
         coalesce(l.licences_in_force, 0) AS licences_in_force,
         coalesce(l.licences_expiring, 0) AS licences_expiring,
         coalesce(i.inspections, 0) AS inspections,
         coalesce(i.inspections_this_year, 0) AS inspections_this_year,
         coalesce(i.inspections_flagged, 0) AS inspections_flagged,
         coalesce(p.prescriptions_open, 0) AS prescriptions_open,
         coalesce(p.prescriptions_overdue, 0) AS prescriptions_overdue
    FROM territory c
    LEFT JOIN services x ON x.child = c.id
    LEFT JOIN licences l ON l.child = c.id
    LEFT JOIN inspections i ON i.child = c.id
    LEFT JOIN prescriptions p ON p.child = c.id
   WHERE c.id IN (SELECT child FROM part)
)
SELECT json_build_object(
  'territory', at.id, 'level', at.wanted, 'as_of', $3::date,
  'items', (SELECT coalesce(json_agg(row_to_json(rows) ORDER BY {order}), '[]') FROM rows),
  'next', NULL,
  'fresh_at', (SELECT json_object_agg(name, f.fresh_at ORDER BY n)
                 FROM unnest(ARRAY['registry', 'licensing', 'monitoring']) WITH ORDINALITY AS w (name, n)
                 LEFT JOIN source_state f ON f.source = name))
FROM at
