-- After access_v1, in services that are told of revocations: they must not write when they may have missed one.

CREATE FUNCTION access_is_known() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT CASE coalesce(NULLIF(current_setting('app.access_patience', true), ''), '60')
    WHEN 'off' THEN true
    ELSE coalesce((
      SELECT heard_at > clock_timestamp()
        - make_interval(secs => coalesce(NULLIF(current_setting('app.access_patience', true), ''), '60')::float)
        FROM source_state WHERE source = 'registry'), false) END $$;
