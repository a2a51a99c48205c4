-- The headline figures of the territories of one level inside a territory, one row each, or no row for an unknown code.
--
-- $2 code · $3 legal today · $4 last day up to which a licence that ends is expiring · $5 first day of the legal year
-- $6 level, or NULL where nothing lies inside
-- {public}: the condition that everybody sees row `x`: such figures are the same for all, whoever asks
-- {within}: the condition that row `x` lies in the territory · {leaf}: code of the oblast or municipality `x` lies in
-- {child}: the item that leaf `l` belongs to · {order}: of the items
-- all other names in braces are measures, of row `x` or of the sums
WITH at AS MATERIALIZED (
  SELECT t.id FROM territory t WHERE t.id = $2 AND s.v IS NOT NULL
),
figures AS (
  SELECT {leaf} AS leaf, count(*) AS services, coalesce(sum(x.capacity), 0) AS places,
         count(*) FILTER (WHERE x.capacity IS NULL) AS capacity_unknown,
         count(*) FILTER (WHERE x.financing = 'STATE_DELEGATED') AS services_state_delegated,
         count(*) FILTER (WHERE x.financing = 'PRIVATE') AS services_private,
         count(*) FILTER (WHERE x.financing = 'MIXED') AS services_mixed,
         coalesce(sum(x.capacity) FILTER (WHERE x.financing = 'STATE_DELEGATED'), 0) AS places_state_delegated,
         coalesce(sum(x.capacity) FILTER (WHERE x.financing = 'PRIVATE'), 0) AS places_private,
         coalesce(sum(x.capacity) FILTER (WHERE x.financing = 'MIXED'), 0) AS places_mixed,
         count(*) FILTER (WHERE x.capacity IS NULL AND x.financing = 'STATE_DELEGATED') AS unknown_state_delegated,
         count(*) FILTER (WHERE x.capacity IS NULL AND x.financing = 'PRIVATE') AS unknown_private,
         0 AS licences_in_force, 0 AS licences_expiring, 0 AS inspections, 0 AS inspections_this_year,
         0 AS inspections_flagged, 0 AS prescriptions_open, 0 AS prescriptions_overdue
    FROM service x WHERE {service_active} AND {within} GROUP BY 1
  UNION ALL
  SELECT {leaf}, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
         count(*), count(*) FILTER (WHERE {licence_expiring}), 0, 0, 0, 0, 0
    FROM licence x WHERE {licence_in_force} AND {within} GROUP BY 1
  UNION ALL
  SELECT {leaf}, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
         count(*), count(*) FILTER (WHERE {inspection_this_year}), count(*) FILTER (WHERE {inspection_flagged}), 0, 0
    FROM inspection x WHERE {public} AND {within} GROUP BY 1
  UNION ALL
  SELECT {leaf}, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
         count(*) FILTER (WHERE {prescription_open}), count(*) FILTER (WHERE {prescription_overdue})
    FROM prescription x WHERE {public} AND {within} GROUP BY 1
  UNION ALL -- every territory is there, with or without figures
  SELECT {leaf}, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
    FROM (SELECT id AS municipality FROM territory WHERE level = 'MUNICIPALITY') x WHERE {within} GROUP BY 1
),
sums AS (
  SELECT {child} AS code, sum(services) AS services, sum(places) AS places, sum(capacity_unknown) AS capacity_unknown,
         sum(services_state_delegated) AS services_state_delegated, sum(services_private) AS services_private,
         sum(services_mixed) AS services_mixed, sum(places_state_delegated) AS places_state_delegated,
         sum(places_private) AS places_private, sum(places_mixed) AS places_mixed,
         sum(unknown_state_delegated) AS unknown_state_delegated, sum(unknown_private) AS unknown_private,
         sum(licences_in_force) AS licences_in_force, sum(licences_expiring) AS licences_expiring,
         sum(inspections) AS inspections, sum(inspections_this_year) AS inspections_this_year,
         sum(inspections_flagged) AS inspections_flagged, sum(prescriptions_open) AS prescriptions_open,
         sum(prescriptions_overdue) AS prescriptions_overdue
    FROM figures JOIN territory l ON l.id = figures.leaf GROUP BY 1
),
items AS (
  SELECT c.id AS code, c.level, c.name_bg, c.name_en, c.parent, c.population,
         services, places, capacity_unknown,
         services_state_delegated, services_private, services_mixed, places_state_delegated, places_private, places_mixed,
         {state_delegated_share_of_services} AS state_delegated_share_of_services,
         {private_share_of_services} AS private_share_of_services,
         {state_delegated_share_of_places} AS state_delegated_share_of_places,
         {private_share_of_places} AS private_share_of_places,
         licences_in_force, licences_expiring, inspections, inspections_this_year, inspections_flagged,
         prescriptions_open, prescriptions_overdue
    FROM sums JOIN territory c ON c.id = sums.code
   WHERE $6::text IS NOT NULL
)
SELECT json_build_object(
  'territory', at.id, 'level', $6::text, 'as_of', $3::date,
  'items', (SELECT coalesce(json_agg(row_to_json(items) ORDER BY {order}), '[]') FROM items),
  'next', NULL,
  'fresh_at', {fresh_at})
FROM at
