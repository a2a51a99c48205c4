-- After access_v1, in the service that owns revocations: it writes them, and always knows them.

CREATE FUNCTION access_is_known() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$SELECT true$$;
GRANT INSERT, UPDATE ON access_revocation TO {service}_runtime;
CREATE POLICY add ON access_revocation FOR INSERT TO {service}_runtime WITH CHECK (true);
CREATE POLICY alter ON access_revocation FOR UPDATE TO {service}_runtime USING (true) WITH CHECK (true);
