-- The summary of one territory as one JSON document, or no row for a code nobody knows.
--
-- $2 code · $3 legal today · $4 last day up to which a licence that ends is expiring · $5 first day of the legal year
-- $6 the classes of financing, in their order
-- {public}: the condition that everybody sees row `x`: such figures are the same for all, whoever asks
-- {within}: the condition that row `x` lies in the territory, by the form of its code
-- all other names in braces are measures, of row `x` or of the sums
--
-- Each table is read once and grouped by all that is counted of it; figures are sums over those few groups. Every row
-- lies in exactly one municipality, so the figures of a territory are the sums of its parts. The exceptions say so:
-- `providers.working` (a provider may work in several) and what counts in several groups.
WITH at AS MATERIALIZED (
  -- whether the caller sees all its rows of a kind: those of the Agency, all findings made there
  SELECT t.*, app_scope() && ARRAY['b:AKSU'] AS agency,
         app_scope() && ARRAY['b:AKSU', 'b:MUNICIPALITY:' || t.id] AS inspecting
    FROM territory t WHERE t.id = $2 AND s.v IS NOT NULL
),
service_groups AS MATERIALIZED (
  SELECT {service_active} AS active, x.financing, x.kind, x.activity_groups, x.licence_required,
         count(*) AS services, coalesce(sum(x.capacity), 0) AS places,
         count(*) FILTER (WHERE x.capacity IS NULL) AS capacity_unknown
    FROM service x WHERE {within} GROUP BY 1, 2, 3, 4, 5
),
whole AS MATERIALIZED (
  SELECT coalesce(sum(services), 0) AS services, coalesce(sum(places), 0) AS places,
         coalesce(sum(capacity_unknown), 0) AS capacity_unknown,
         coalesce(sum(services) FILTER (WHERE licence_required), 0) AS licence_required
    FROM service_groups WHERE active
),
financed AS MATERIALIZED (
  SELECT code, n, coalesce(services, 0) AS services, coalesce(places, 0) AS places,
         coalesce(capacity_unknown, 0) AS capacity_unknown
    FROM unnest($6::text[]) WITH ORDINALITY AS c (code, n)
    FULL JOIN (SELECT financing AS code, sum(services) AS services, sum(places) AS places,
                      sum(capacity_unknown) AS capacity_unknown
                 FROM service_groups WHERE active GROUP BY 1) g USING (code)
),
pairs AS MATERIALIZED (
  SELECT x.provider_id, x.operator_id FROM service x WHERE {service_active} AND {within} GROUP BY 1, 2
),
working AS (
  SELECT CASE WHEN p.legal_form_confirmed THEN p.legal_form ELSE 'UNCONFIRMED' END AS legal_form, count(*) AS n, count(*) FILTER (WHERE p.licence_required) AS required
    FROM provider p
   WHERE p.id IN (SELECT provider_id FROM pairs UNION SELECT operator_id FROM pairs) GROUP BY 1
),
seated AS (
  SELECT x.legal_form, count(*) AS n, count(*) FILTER (WHERE x.licence_required) AS required
    FROM (SELECT CASE WHEN legal_form_confirmed THEN legal_form ELSE 'UNCONFIRMED' END AS legal_form,
                 licence_required, seat_municipality AS municipality FROM provider) x
   WHERE {within} GROUP BY 1
),
licences AS (
  SELECT {licence_state} AS state, count(*) AS n, count(*) FILTER (WHERE {licence_in_force}) AS in_force,
         count(*) FILTER (WHERE {licence_expiring}) AS expiring
    FROM licence x WHERE {within} GROUP BY 1
),
inspections AS MATERIALIZED (
  SELECT x.kind, x.state, x.outcome, coalesce({inspection_this_year}, false) AS this_year, count(*) AS n
    FROM inspection x WHERE {public} AND {within} GROUP BY 1, 2, 3, 4
),
flags AS (
  SELECT code, count(*) AS n FROM inspection x, unnest(x.flags) AS code
   WHERE {inspection_flagged} AND {public} AND {within} GROUP BY 1
),
prescriptions AS (
  SELECT x.state, count(*) AS n, count(*) FILTER (WHERE {prescription_open}) AS open,
         count(*) FILTER (WHERE {prescription_overdue}) AS overdue
    FROM prescription x WHERE {public} AND {within} GROUP BY 1
),
findings AS (
  SELECT x.result, count(*) AS n FROM finding x WHERE {within} GROUP BY 1
),
applications AS (
  SELECT x.state, count(*) AS n, count(*) FILTER (WHERE {application_pending}) AS pending,
         count(*) FILTER (WHERE {application_overdue}) AS overdue
    FROM application x WHERE {within} GROUP BY 1
)
SELECT json_build_object(
  'territory', json_build_object(
    'code', at.id, 'level', at.level, 'name_bg', at.name_bg, 'name_en', at.name_en, 'parent', at.parent,
    'nuts', at.nuts, 'population', at.population, 'age0_14', at.age0_14, 'age65plus', at.age65plus,
    'municipalities', (
      SELECT count(*) FROM (SELECT id AS municipality FROM territory WHERE level = 'MUNICIPALITY') x WHERE {within})),
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
  'sites', (SELECT count(*) FROM place x WHERE {within}),
  'services', (SELECT json_build_object(
    'total', whole.services, 'places', whole.places, 'capacity_unknown', whole.capacity_unknown,
    'licence_required', whole.licence_required,
    'closed', (SELECT coalesce(sum(services), 0) FROM service_groups WHERE NOT active),
    'by_financing', (SELECT json_object_agg(code, json_build_object(
      'services', services, 'places', places, 'capacity_unknown', capacity_unknown) ORDER BY n, code) FROM financed),
    'shares', json_build_array(
      json_build_object('base', 'services', 'of', whole.services, 'unknown', NULL, 'share', (
        SELECT json_object_agg(lower(code), {share_of_services} ORDER BY n, code)
          FROM financed)),
      json_build_object('base', 'places', 'of', whole.places, 'unknown', whole.capacity_unknown, 'share', (
        SELECT json_object_agg(lower(code), {share_of_places} ORDER BY n, code)
          FROM financed))),
    'by_kind', (
      SELECT coalesce(json_object_agg(code, figures ORDER BY code), '{}')
        FROM (SELECT kind AS code, json_build_object(
                'services', sum(services), 'places', sum(places), 'capacity_unknown', sum(capacity_unknown)) AS figures
                FROM service_groups WHERE active GROUP BY 1) g),
    'by_activity_group', (
      SELECT coalesce(json_object_agg(code, figures ORDER BY code), '{}')
        FROM (SELECT code, json_build_object(
                'services', sum(services), 'places', sum(places), 'capacity_unknown', sum(capacity_unknown)) AS figures
                FROM service_groups, unnest(activity_groups) AS code WHERE active GROUP BY 1) g)) FROM whole),
  'licences', (SELECT json_build_object(
    'total', coalesce(sum(n), 0), 'in_force', coalesce(sum(in_force), 0), 'expiring', coalesce(sum(expiring), 0),
    'expiring_until', $4::date, 'by_state', coalesce(json_object_agg(state, n ORDER BY state), '{}'))
    FROM licences),
  'covered', json_build_object('applications', at.agency, 'unannounced', at.agency, 'findings', at.inspecting),
  'applications', CASE WHEN at.agency THEN (SELECT json_build_object(
    'total', coalesce(sum(n), 0), 'pending', coalesce(sum(pending), 0), 'overdue', coalesce(sum(overdue), 0),
    'by_state', coalesce(json_object_agg(state, n ORDER BY state), '{}')) FROM applications) END,
  'inspections', json_build_object(
    'total', (SELECT coalesce(sum(n), 0) FROM inspections),
    'this_year', (SELECT coalesce(sum(n), 0) FROM inspections WHERE this_year),
    'by_kind', (SELECT coalesce(json_object_agg(code, n ORDER BY code), '{}')
                  FROM (SELECT kind AS code, sum(n) AS n FROM inspections GROUP BY 1) g),
    'by_state', (SELECT coalesce(json_object_agg(code, n ORDER BY code), '{}')
                   FROM (SELECT state AS code, sum(n) AS n FROM inspections GROUP BY 1) g),
    'without_outcome', (SELECT coalesce(sum(n), 0) FROM inspections WHERE outcome IS NULL),
    'by_outcome', (SELECT coalesce(json_object_agg(code, n ORDER BY code), '{}')
                     FROM (SELECT outcome AS code, sum(n) AS n FROM inspections WHERE outcome IS NOT NULL GROUP BY 1) g),
    'by_flag', (SELECT coalesce(json_object_agg(code, n ORDER BY code), '{}') FROM flags),
    'unannounced', CASE WHEN at.agency THEN (SELECT count(*) FROM inspection x WHERE NOT {public} AND {within}) END),
  'findings', CASE WHEN at.inspecting THEN (SELECT json_build_object(
    'total', coalesce(sum(n), 0), 'by_result', coalesce(json_object_agg(result, n ORDER BY result), '{}'))
    FROM findings) END,
  'prescriptions', (SELECT json_build_object(
    'total', coalesce(sum(n), 0), 'open', coalesce(sum(open), 0), 'overdue', coalesce(sum(overdue), 0),
    'by_state', coalesce(json_object_agg(state, n ORDER BY state), '{}')) FROM prescriptions),
  'unplaced', CASE WHEN at.level = 'NATION' THEN json_build_object(
    'inspections', (SELECT count(*) FROM inspection x WHERE {public} AND municipality IS NULL),
    'prescriptions', (SELECT count(*) FROM prescription x WHERE {public} AND municipality IS NULL)) END,
  'fresh_at', {fresh_at})
FROM at
