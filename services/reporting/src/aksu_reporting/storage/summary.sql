-- The summary of one territory as one JSON document, or no row for a code nobody knows.
--
-- $2 code · $3 legal today · $4 last day up to which a licence that ends is expiring
-- $5 states in which a licence runs · $6 in which it is in force · $7 of open prescriptions · $8 of those whose term runs
-- $9 of pending applications · $10 the classes of financing, in their order
--
-- Every row of a read model lies in exactly one municipality, so the figures of a territory are the sums of its parts.
-- The exceptions are `providers.working` (a provider may work in several) and what is said to count in several groups.
WITH at AS MATERIALIZED (
  SELECT t.* FROM territory t WHERE t.id = $2 AND s.v IS NOT NULL
),
part AS MATERIALIZED ( -- municipalities of the territory
  SELECT m.id AS municipality FROM territory m
    JOIN territory o ON o.id = m.parent
    JOIN territory r ON r.id = o.parent
   WHERE m.level = 'MUNICIPALITY' AND $2 IN (m.id, o.id, r.id, r.parent)
),
known AS MATERIALIZED (
  SELECT x.* FROM service x JOIN part USING (municipality)
),
active AS MATERIALIZED (
  SELECT * FROM known WHERE state = 'ACTIVE'
),
whole AS (
  SELECT count(*) AS services, coalesce(sum(capacity), 0) AS places,
         count(*) FILTER (WHERE capacity IS NULL) AS capacity_unknown,
         count(*) FILTER (WHERE licence_required) AS licence_required
    FROM active
),
financed AS (
  SELECT code, n, coalesce(services, 0) AS services, coalesce(places, 0) AS places,
         coalesce(capacity_unknown, 0) AS capacity_unknown
    FROM unnest($10::text[]) WITH ORDINALITY AS c (code, n)
    FULL JOIN (SELECT financing AS code, count(*) AS services, sum(capacity) AS places,
                      count(*) FILTER (WHERE capacity IS NULL) AS capacity_unknown
                 FROM active GROUP BY 1) g USING (code)
),
shares AS (
  SELECT 1 AS n, 'services' AS base, whole.services AS total, NULL::bigint AS unknown,
         json_object_agg(lower(f.code), round(f.services::numeric / nullif(whole.services, 0), 4) ORDER BY f.n) AS share
    FROM financed f, whole GROUP BY whole.services
  UNION ALL
  SELECT 2, 'places', whole.places, whole.capacity_unknown,
         json_object_agg(lower(f.code), round(f.places::numeric / nullif(whole.places, 0), 4) ORDER BY f.n)
    FROM financed f, whole GROUP BY whole.places, whole.capacity_unknown
),
kinds AS (
  SELECT kind AS code, count(*) AS services, coalesce(sum(capacity), 0) AS places,
         count(*) FILTER (WHERE capacity IS NULL) AS capacity_unknown
    FROM active GROUP BY 1
),
activities AS (
  SELECT code, count(*) AS services, coalesce(sum(capacity), 0) AS places,
         count(*) FILTER (WHERE capacity IS NULL) AS capacity_unknown
    FROM active, unnest(activity_groups) AS code GROUP BY 1
),
working AS (
  SELECT legal_form, count(*) AS n, count(*) FILTER (WHERE licence_required) AS required FROM provider
   WHERE id IN (SELECT provider_id FROM active UNION SELECT operator_id FROM active) GROUP BY 1
),
seated AS (
  SELECT legal_form, count(*) AS n, count(*) FILTER (WHERE licence_required) AS required FROM provider
    JOIN part ON part.municipality = seat_municipality GROUP BY 1
),
dated AS (
  SELECT x.state, x.valid_until, $3::date BETWEEN x.valid_from AND x.valid_until AS within
    FROM licence x JOIN part USING (municipality)
),
licences AS (
  SELECT CASE WHEN state = ANY ($5::text[]) AND valid_until < $3::date THEN 'EXPIRED' ELSE state END AS state,
         count(*) AS n,
         count(*) FILTER (WHERE within AND state = ANY ($6::text[])) AS in_force,
         count(*) FILTER (WHERE within AND state = ANY ($5::text[])
                            AND valid_until <= $4::date) AS expiring
    FROM dated GROUP BY 1
),
seen AS MATERIALIZED (
  SELECT x.kind, x.state, x.outcome, x.flags, coalesce(x.started_on >= date_trunc('year', $3::date)::date, false) AS recent
    FROM inspection x JOIN part USING (municipality)
),
prescribed AS (
  SELECT x.state, count(*) AS n, count(*) FILTER (WHERE x.state = ANY ($7::text[])) AS open,
         count(*) FILTER (WHERE x.state = ANY ($8::text[]) AND x.due_on < $3::date) AS overdue
    FROM prescription x JOIN part USING (municipality) GROUP BY 1
),
found AS (
  SELECT x.result, count(*) AS n FROM finding x JOIN part USING (municipality) GROUP BY 1
),
applied AS (
  SELECT x.state, count(*) AS n, count(*) FILTER (WHERE x.state = ANY ($9::text[])) AS pending,
         count(*) FILTER (WHERE x.state = ANY ($9::text[]) AND x.decision_due < $3::date) AS overdue
    FROM application x JOIN part USING (municipality) GROUP BY 1
)
SELECT json_build_object(
  'territory', json_build_object(
    'code', at.id, 'level', at.level, 'name_bg', at.name_bg, 'name_en', at.name_en, 'parent', at.parent,
    'nuts', at.nuts, 'population', at.population, 'age0_14', at.age0_14, 'age65plus', at.age65plus,
    'municipalities', (SELECT count(*) FROM part)),
  'as_of', $3::date,
  'providers', json_build_object(
    'working', (SELECT json_build_object(
      'total', coalesce(sum(n), 0),
      'licence_required', coalesce(sum(required), 0), 'licence_not_required', coalesce(sum(n - required), 0),
      'by_legal_form', coalesce(json_object_agg(legal_form, n ORDER BY legal_form), '{}')) FROM working),
    'seated', (SELECT json_build_object(
      'total', coalesce(sum(n), 0),
      'licence_required', coalesce(sum(required), 0), 'licence_not_required', coalesce(sum(n - required), 0),
      'by_legal_form', coalesce(json_object_agg(legal_form, n ORDER BY legal_form), '{}')) FROM seated),
    'seat_unknown', CASE WHEN at.level = 'NATION' THEN
      (SELECT count(*) FROM provider WHERE seat_municipality IS NULL) END),
  'sites', (SELECT count(*) FROM place JOIN part USING (municipality)),
  'services', (SELECT json_build_object(
    'total', whole.services, 'places', whole.places, 'capacity_unknown', whole.capacity_unknown,
    'licence_required', whole.licence_required,
    'closed', (SELECT count(*) FROM known WHERE state <> 'ACTIVE'),
    'by_financing', (SELECT json_object_agg(code, json_build_object(
      'services', services, 'places', places, 'capacity_unknown', capacity_unknown) ORDER BY n, code) FROM financed),
    'shares', (SELECT json_agg(json_build_object(
      'base', base, 'of', total, 'unknown', unknown, 'share', share) ORDER BY n) FROM shares),
    'by_kind', (SELECT coalesce(json_object_agg(code, json_build_object(
      'services', services, 'places', places, 'capacity_unknown', capacity_unknown) ORDER BY code), '{}') FROM kinds),
    'by_activity_group', (SELECT coalesce(json_object_agg(code, json_build_object(
      'services', services, 'places', places, 'capacity_unknown', capacity_unknown) ORDER BY code), '{}')
      FROM activities)) FROM whole),
  'licences', (SELECT json_build_object(
    'total', coalesce(sum(n), 0), 'in_force', coalesce(sum(in_force), 0), 'expiring', coalesce(sum(expiring), 0),
    'expiring_until', $4::date,
    'by_state', coalesce(json_object_agg(state, n ORDER BY state), '{}')) FROM licences),
  'applications', CASE WHEN app_scope() && ARRAY['BG', at.id, at.parent] THEN (SELECT json_build_object(
    'total', coalesce(sum(n), 0), 'pending', coalesce(sum(pending), 0), 'overdue', coalesce(sum(overdue), 0),
    'by_state', coalesce(json_object_agg(state, n ORDER BY state), '{}')) FROM applied) END,
  'inspections', json_build_object(
    'total', (SELECT count(*) FROM seen), 'this_year', (SELECT count(*) FROM seen WHERE recent),
    'by_kind', (SELECT coalesce(json_object_agg(code, n ORDER BY code), '{}')
                  FROM (SELECT kind AS code, count(*) AS n FROM seen GROUP BY 1) g),
    'by_state', (SELECT coalesce(json_object_agg(code, n ORDER BY code), '{}')
                   FROM (SELECT state AS code, count(*) AS n FROM seen GROUP BY 1) g),
    'without_outcome', (SELECT count(*) FROM seen WHERE outcome IS NULL),
    'by_outcome', (SELECT coalesce(json_object_agg(code, n ORDER BY code), '{}')
                     FROM (SELECT outcome AS code, count(*) AS n FROM seen WHERE outcome IS NOT NULL GROUP BY 1) g),
    'by_flag', (SELECT coalesce(json_object_agg(code, n ORDER BY code), '{}')
                  FROM (SELECT code, count(*) AS n FROM seen, unnest(flags) AS code GROUP BY 1) g)),
  'findings', (SELECT json_build_object(
    'total', coalesce(sum(n), 0), 'by_result', coalesce(json_object_agg(result, n ORDER BY result), '{}')) FROM found),
  'prescriptions', (SELECT json_build_object(
    'total', coalesce(sum(n), 0), 'open', coalesce(sum(open), 0), 'overdue', coalesce(sum(overdue), 0),
    'by_state', coalesce(json_object_agg(state, n ORDER BY state), '{}')) FROM prescribed),
  'fresh_at', (SELECT json_object_agg(name, f.fresh_at ORDER BY n)
                 FROM unnest(ARRAY['registry', 'licensing', 'monitoring']) WITH ORDINALITY AS w (name, n)
                 LEFT JOIN source_state f ON f.source = name))
FROM at
