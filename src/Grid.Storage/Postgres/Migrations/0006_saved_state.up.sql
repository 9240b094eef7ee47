-- What a grid whose disk is lost goes on from: saved states of the whole grid, and where the rows are that came after one.
--
-- A position is (epoch, lsn). Each start of a writer claims the next epoch and goes on behind the newest lsn, or begins anew with 1
-- in another data folder: in both cases positions grow.

CREATE TABLE grid.saved_state (
    epoch     integer NOT NULL CHECK (epoch > 0),
    lsn       bigint NOT NULL CHECK (lsn > 0),
    parts     integer NOT NULL CHECK (parts > 0),
    bytes     bigint NOT NULL,
    saved_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (epoch, lsn)
);
COMMENT ON TABLE grid.saved_state IS 'Saved states of the grid that are whole: the newest two. A grid with an empty data folder begins with the older of them.';
COMMENT ON COLUMN grid.saved_state.epoch IS 'Life of the writer that saved it.';
COMMENT ON COLUMN grid.saved_state.lsn IS 'It holds every event of that life up to this journal frame, and of the lives before it.';
COMMENT ON COLUMN grid.saved_state.parts IS 'How many parts it has.';
COMMENT ON COLUMN grid.saved_state.bytes IS 'Bytes of all parts.';
COMMENT ON COLUMN grid.saved_state.saved_at IS 'When it was whole.';

CREATE TABLE grid.saved_state_part (
    epoch    integer NOT NULL,
    lsn      bigint NOT NULL,
    part     integer NOT NULL CHECK (part >= 0),
    content  bytea NOT NULL,
    PRIMARY KEY (epoch, lsn, part)
);
ALTER TABLE grid.saved_state_part ALTER COLUMN content SET STORAGE EXTERNAL;
COMMENT ON TABLE grid.saved_state_part IS 'Contents of saved states. Parts whose state is not in saved_state are being written, or were left behind.';
COMMENT ON COLUMN grid.saved_state_part.epoch IS 'Of the state.';
COMMENT ON COLUMN grid.saved_state_part.lsn IS 'Of the state.';
COMMENT ON COLUMN grid.saved_state_part.part IS 'Place among the parts, from 0.';
COMMENT ON COLUMN grid.saved_state_part.content IS 'Bytes of a snapshot file, in their order.';

CREATE TABLE grid.partition_newest (
    partition  text PRIMARY KEY,
    epoch      integer NOT NULL,
    lsn        bigint NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE grid.partition_newest IS 'The newest rows of each partition of ticks and runs: of which partitions something came after a position.';
COMMENT ON COLUMN grid.partition_newest.partition IS 'Name of the partition.';
COMMENT ON COLUMN grid.partition_newest.epoch IS 'Life of the writer that stored its newest rows.';
COMMENT ON COLUMN grid.partition_newest.lsn IS 'No row of it came with a later journal frame of that life.';

-- Of what is there nobody knows more than that it is no newer than the watermark.
INSERT INTO grid.partition_newest (partition, epoch, lsn)
SELECT child.relname, newest.epoch, newest.lsn
FROM pg_catalog.pg_inherits
JOIN pg_catalog.pg_class parent ON parent.oid = inhparent
JOIN pg_catalog.pg_class child ON child.oid = inhrelid
CROSS JOIN (SELECT epoch, lsn FROM grid.watermark ORDER BY epoch DESC LIMIT 1) AS newest
WHERE parent.relnamespace = 'grid'::regnamespace AND parent.relname IN ('tick', 'run');

-- Who may ------------------------------------------------------------------------------------------------------

GRANT SELECT ON grid.saved_state, grid.saved_state_part, grid.partition_newest TO grid_writer, grid_reader;
GRANT INSERT, DELETE ON grid.saved_state, grid.saved_state_part TO grid_writer;
GRANT INSERT, UPDATE ON grid.partition_newest TO grid_writer;

-- States hold all sources: only readers without a limit see them.
ALTER TABLE grid.saved_state_part ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON grid.saved_state_part TO grid_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON grid.saved_state_part FOR SELECT TO grid_reader USING ((SELECT grid.readable_sources()) IS NULL);
