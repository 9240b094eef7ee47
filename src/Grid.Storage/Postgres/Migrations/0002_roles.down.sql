-- Destructive: which sources each role may read (grid.source_access).
DO $do$
DECLARE
    policy record;
BEGIN
    FOR policy IN SELECT tablename, policyname FROM pg_catalog.pg_policies WHERE schemaname = 'grid' LOOP
        EXECUTE format('DROP POLICY %I ON grid.%I', policy.policyname, policy.tablename);
        EXECUTE format('ALTER TABLE grid.%I DISABLE ROW LEVEL SECURITY', policy.tablename);
    END LOOP;
END
$do$;
DROP FUNCTION grid.readable_sources();
DROP TABLE grid.source_access;
REVOKE ALL ON ALL TABLES IN SCHEMA grid FROM grid_writer, grid_reader;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA grid FROM grid_writer, grid_reader;
REVOKE ALL ON SCHEMA grid FROM grid_writer, grid_reader;
