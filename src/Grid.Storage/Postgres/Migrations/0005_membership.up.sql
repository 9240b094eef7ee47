-- Which silos a cluster has: the tables that Orleans' ADO.NET membership asks, and what else only a cluster's grains need.
--
-- The provider reads its statements from a table of the name OrleansQuery, and runs them with its own parameters and by its own
-- names of columns; the rest is up to whoever writes the statements. It finds the table by the search path, so silos connect
-- with the search path "grid"; every statement names the schema.
--
-- A change of the membership is one step of one version: who read an older version changes nothing, and reads again.

CREATE TABLE grid.membership_version (
    cluster     text COLLATE "C" PRIMARY KEY,
    version     integer NOT NULL DEFAULT 0,
    changed_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE grid.membership_version IS 'How often the membership of a cluster has changed.';
COMMENT ON COLUMN grid.membership_version.cluster IS 'Id of the cluster.';
COMMENT ON COLUMN grid.membership_version.version IS 'One more with each change.';
COMMENT ON COLUMN grid.membership_version.changed_at IS 'When it changed last.';

CREATE TABLE grid.membership (
    cluster        text COLLATE "C" NOT NULL REFERENCES grid.membership_version,
    address        text NOT NULL,
    port           integer NOT NULL,
    generation     integer NOT NULL,
    silo_name      text NOT NULL,
    host_name      text NOT NULL,
    status         integer NOT NULL,
    proxy_port     integer NOT NULL,
    suspect_times  text,
    start_time     timestamptz NOT NULL,
    alive_at       timestamptz NOT NULL,
    PRIMARY KEY (cluster, address, port, generation)
) WITH (fillfactor = 60);
COMMENT ON TABLE grid.membership IS 'Starts of silos, as Orleans sees them: one row for each start.';
COMMENT ON COLUMN grid.membership.cluster IS 'Id of the cluster.';
COMMENT ON COLUMN grid.membership.address IS 'Address at which other silos reach it.';
COMMENT ON COLUMN grid.membership.port IS 'Port likewise.';
COMMENT ON COLUMN grid.membership.generation IS 'The start.';
COMMENT ON COLUMN grid.membership.silo_name IS 'Name of the silo.';
COMMENT ON COLUMN grid.membership.host_name IS 'Machine that it runs on.';
COMMENT ON COLUMN grid.membership.status IS 'Orleans'' status: 1 created, 2 joining, 3 active, 4 shutting down, 5 stopping, 6 dead.';
COMMENT ON COLUMN grid.membership.proxy_port IS 'Port for clients; 0 if it takes none.';
COMMENT ON COLUMN grid.membership.suspect_times IS 'Which silos suspect it to be dead, and since when.';
COMMENT ON COLUMN grid.membership.start_time IS 'When it started.';
COMMENT ON COLUMN grid.membership.alive_at IS 'When it last said that it is alive.';

CREATE TABLE grid.orleansquery (
    querykey   text COLLATE "C" PRIMARY KEY,
    querytext  text NOT NULL
);
COMMENT ON TABLE grid.orleansquery IS 'Statements that Orleans'' providers run; the names of table and columns are theirs.';
COMMENT ON COLUMN grid.orleansquery.querykey IS 'What the provider calls the statement.';
COMMENT ON COLUMN grid.orleansquery.querytext IS 'The statement.';

INSERT INTO grid.orleansquery (querykey, querytext) VALUES
('InsertMembershipVersionKey', $sql$
    WITH made AS (
        INSERT INTO grid.membership_version (cluster) VALUES (@DeploymentId) ON CONFLICT (cluster) DO NOTHING RETURNING cluster
    )
    SELECT EXISTS (SELECT FROM made)
$sql$),
('InsertMembershipKey', $sql$
    WITH turn AS (
        UPDATE grid.membership_version AS v SET version = v.version + 1, changed_at = now()
        WHERE v.cluster = @DeploymentId AND v.version = @Version AND NOT EXISTS (
            SELECT FROM grid.membership AS m
            WHERE m.cluster = @DeploymentId AND m.address = @Address AND m.port = @Port AND m.generation = @Generation)
        RETURNING v.cluster
    ), made AS (
        INSERT INTO grid.membership (cluster, address, port, generation, silo_name, host_name, status, proxy_port, start_time, alive_at)
        SELECT turn.cluster, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime FROM turn
        RETURNING cluster
    )
    SELECT EXISTS (SELECT FROM made)
$sql$),
('UpdateMembershipKey', $sql$
    WITH turn AS (
        UPDATE grid.membership_version AS v SET version = v.version + 1, changed_at = now()
        WHERE v.cluster = @DeploymentId AND v.version = @Version AND EXISTS (
            SELECT FROM grid.membership AS m
            WHERE m.cluster = @DeploymentId AND m.address = @Address AND m.port = @Port AND m.generation = @Generation)
        RETURNING v.cluster
    ), changed AS (
        UPDATE grid.membership AS m
        SET status = @Status, suspect_times = @SuspectTimes, alive_at = greatest(m.alive_at, @IAmAliveTime)
        FROM turn
        WHERE m.cluster = turn.cluster AND m.address = @Address AND m.port = @Port AND m.generation = @Generation
        RETURNING m.cluster
    )
    SELECT EXISTS (SELECT FROM changed)
$sql$),
('UpdateIAmAlivetimeKey', $sql$
    UPDATE grid.membership AS m SET alive_at = greatest(m.alive_at, @IAmAliveTime)
    WHERE m.cluster = @DeploymentId AND m.address = @Address AND m.port = @Port AND m.generation = @Generation
$sql$),
('MembershipReadRowKey', $sql$
    SELECT v.cluster AS DeploymentId, m.address AS Address, m.port AS Port, m.generation AS Generation, m.silo_name AS SiloName,
        m.host_name AS HostName, m.status AS Status, m.proxy_port AS ProxyPort, m.suspect_times AS SuspectTimes,
        m.start_time AS StartTime, m.alive_at AS IAmAliveTime, v.version AS Version
    FROM grid.membership_version AS v
    LEFT JOIN grid.membership AS m ON m.cluster = v.cluster AND m.address = @Address AND m.port = @Port AND m.generation = @Generation
    WHERE v.cluster = @DeploymentId
$sql$),
('MembershipReadAllKey', $sql$
    SELECT v.cluster AS DeploymentId, m.address AS Address, m.port AS Port, m.generation AS Generation, m.silo_name AS SiloName,
        m.host_name AS HostName, m.status AS Status, m.proxy_port AS ProxyPort, m.suspect_times AS SuspectTimes,
        m.start_time AS StartTime, m.alive_at AS IAmAliveTime, v.version AS Version
    FROM grid.membership_version AS v LEFT JOIN grid.membership AS m ON m.cluster = v.cluster
    WHERE v.cluster = @DeploymentId
$sql$),
('GatewaysQueryKey', $sql$
    SELECT m.address AS Address, m.proxy_port AS ProxyPort, m.generation AS Generation
    FROM grid.membership AS m WHERE m.cluster = @DeploymentId AND m.status = @Status AND m.proxy_port > 0
$sql$),
('DeleteMembershipTableEntriesKey', $sql$
    WITH gone AS (DELETE FROM grid.membership WHERE cluster = @DeploymentId)
    DELETE FROM grid.membership_version WHERE cluster = @DeploymentId
$sql$),
-- Only starts that are dead, and that nobody suspects any more.
('CleanupDefunctSiloEntriesKey', $sql$
    DELETE FROM grid.membership AS m
    WHERE m.cluster = @DeploymentId AND m.status = 6 AND coalesce(m.suspect_times, '') = '' AND m.alive_at < @IAmAliveTime AND m.start_time < @IAmAliveTime
$sql$),
('CleanupDefunctSiloEntryKey', $sql$
    DELETE FROM grid.membership AS m
    WHERE m.cluster = @DeploymentId AND m.status = 6 AND m.address = @Address AND m.port = @Port AND m.generation = @Generation
        AND m.alive_at = @IAmAliveTime AND m.start_time = @StartTime AND coalesce(m.suspect_times, '') = coalesce(@SuspectTimes, '')
$sql$);

-- Sources and producers are grains too ---------------------------------------------------------------------------

ALTER TABLE grid.grain DROP CONSTRAINT grain_kind_check, ADD CONSTRAINT grain_kind_check CHECK (kind IN (1, 2, 3, 4));
COMMENT ON COLUMN grid.grain.kind IS '1 instrument, 2 CUSIP, 3 source, 4 producer.';
COMMENT ON COLUMN grid.grain.key IS 'Symbol, CUSIP, or name of the source or producer.';

ALTER TABLE grid.source ADD COLUMN declared boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN grid.source.declared IS 'In a cluster: true once the source has declared the rest of the row, which never changes then.';

-- Who may ------------------------------------------------------------------------------------------------------

GRANT SELECT, INSERT, UPDATE, DELETE ON grid.membership, grid.membership_version TO grid_writer;
GRANT SELECT ON grid.orleansquery TO grid_writer;
GRANT SELECT ON grid.membership, grid.membership_version, grid.orleansquery TO grid_reader;
