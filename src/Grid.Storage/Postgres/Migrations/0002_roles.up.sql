-- Who may do what. grid_owner owns everything; grid_writer is what a grid connects as, grid_reader what people and programs
-- do. All three are groups: a login gets one of them with GRANT grid_reader TO its_name.
--
-- Readers may share a database and see different sources: grid.source_access lists the sources of a role. A reader who is a
-- member of no role listed there sees all; one who is sees only rows of the sources listed, and nothing that mixes sources
-- (latest, bars, producers).

CREATE TABLE grid.source_access (
    role       name NOT NULL,
    source_id  integer NOT NULL REFERENCES grid.source,
    PRIMARY KEY (role, source_id)
);
COMMENT ON TABLE grid.source_access IS 'Sources that members of a role may read. Who is a member of none of these roles reads all.';
COMMENT ON COLUMN grid.source_access.role IS 'A role: a login, or a group of them. Renaming the role does not change it here.';
COMMENT ON COLUMN grid.source_access.source_id IS 'A source that it may read.';

CREATE FUNCTION grid.readable_sources() RETURNS integer[]
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT array_agg(DISTINCT source_id)
    FROM grid.source_access JOIN pg_catalog.pg_roles ON rolname = role
    WHERE pg_has_role(pg_roles.oid, 'MEMBER')
$function$;
COMMENT ON FUNCTION grid.readable_sources IS 'Sources that the current user is limited to; null if to none.';

-- The schema ---------------------------------------------------------------------------------------------------

GRANT USAGE ON SCHEMA grid TO grid_writer, grid_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA grid TO grid_writer, grid_reader;

-- No policy guards a partition that is read by its own name.
REVOKE SELECT ON
    grid.tick_before_1970, grid.tick_after_2099, grid.run_before_1970, grid.run_after_2099, grid.bar_before_1970, grid.bar_after_2099
    FROM grid_reader;

-- The writer ---------------------------------------------------------------------------------------------------
-- It adds, and replaces what is absolute. It deletes gaps that closed, bars whose last trade was cancelled and the watermark
-- of a grid that it takes over from; old partitions go by drop_partitions().

GRANT INSERT, UPDATE ON
    grid.source, grid.venue, grid.channel, grid.producer, grid.instrument, grid.latest, grid.bar, grid.run_latest,
    grid.gap_domain, grid.data_quality_log, grid.watermark, grid.processing_metadata TO grid_writer;
GRANT INSERT ON
    grid.instrument_definition, grid.quarantine, grid.tick, grid.tick_before_1970, grid.tick_after_2099,
    grid.run, grid.run_before_1970, grid.run_after_2099 TO grid_writer;
GRANT UPDATE (released_at) ON grid.quarantine TO grid_writer;
GRANT INSERT, UPDATE, DELETE ON grid.gap TO grid_writer;
GRANT DELETE ON grid.bar, grid.watermark TO grid_writer;
GRANT EXECUTE ON FUNCTION grid.make_partitions, grid.drop_partitions TO grid_writer;

-- Row-level security -------------------------------------------------------------------------------------------
-- PostgreSQL copies (COPY) into no table under a policy: bulk goes into partitions by their own names.

DO $do$
DECLARE
    guarded text;
BEGIN
    FOREACH guarded IN ARRAY ARRAY[
        'source_access', 'source', 'producer', 'instrument_definition', 'tick', 'run', 'run_latest', 'latest', 'bar', 'quarantine',
        'gap_domain', 'gap', 'data_quality_log']
    LOOP
        EXECUTE format('ALTER TABLE grid.%I ENABLE ROW LEVEL SECURITY', guarded);
        EXECUTE format('CREATE POLICY writer ON grid.%I TO grid_writer USING (true) WITH CHECK (true)', guarded);
        EXECUTE format('CREATE POLICY reader ON grid.%I FOR SELECT TO grid_reader USING (%s)', guarded, CASE
            WHEN guarded = 'source_access'
                THEN 'EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = role AND pg_has_role(pg_roles.oid, ''MEMBER''))'
            WHEN guarded IN ('latest', 'bar', 'producer')
                THEN '(SELECT grid.readable_sources()) IS NULL'
            ELSE format('(SELECT grid.readable_sources()) IS NULL OR %s = ANY ((SELECT grid.readable_sources())::integer[])',
                CASE guarded WHEN 'source' THEN 'id' ELSE 'source_id' END)
            END);
    END LOOP;
END
$do$;
