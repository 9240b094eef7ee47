-- Group commits of a cluster: who may write which grain, what each producer's slices have been, and which commit brought what.
--
-- Ticks, runs and quarantined events of a cluster have the epoch 0; their lsn is the id of the commit that brought them, and
-- frame_row their place in it.

CREATE SEQUENCE grid.commit_id AS bigint;
COMMENT ON SEQUENCE grid.commit_id IS 'Ids of commits. Taken with the grains locked, so they grow with the commits of each grain.';

CREATE TABLE grid.silo (
    id           integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         grid.name NOT NULL UNIQUE,
    epoch        bigint NOT NULL CHECK (epoch >= 0),
    last_number  bigint NOT NULL DEFAULT 0,
    owner        text NOT NULL DEFAULT '',
    claimed_at   timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);
COMMENT ON TABLE grid.silo IS 'Silos of a cluster. Each locks its row in every commit.';
COMMENT ON COLUMN grid.silo.id IS 'Number of the silo in this database.';
COMMENT ON COLUMN grid.silo.name IS 'Name of the silo.';
COMMENT ON COLUMN grid.silo.epoch IS 'Life of the silo: each start claims the next one, and older ones may commit no more.';
COMMENT ON COLUMN grid.silo.last_number IS 'Number of its newest commit; 0 if none.';
COMMENT ON COLUMN grid.silo.owner IS 'Machine and process that claimed the epoch.';
COMMENT ON COLUMN grid.silo.claimed_at IS 'When it was claimed.';

CREATE TABLE grid.commit (
    id            bigint PRIMARY KEY,
    silo_id       integer NOT NULL REFERENCES grid.silo,
    silo_epoch    bigint NOT NULL,
    number        bigint NOT NULL,
    slices        integer NOT NULL,
    ticks         integer NOT NULL,
    runs          integer NOT NULL,
    rejected      integer NOT NULL,
    first_time    timestamptz,
    last_time     timestamptz,
    committed_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (silo_id, number)
);
COMMENT ON TABLE grid.commit IS 'Commits of silos. The numbers of a silo have no holes: who has read up to one of them has missed nothing of that silo.';
COMMENT ON COLUMN grid.commit.id IS 'The lsn of its rows; of two commits of one grain the later has the higher.';
COMMENT ON COLUMN grid.commit.silo_id IS 'The silo.';
COMMENT ON COLUMN grid.commit.silo_epoch IS 'Life of the silo.';
COMMENT ON COLUMN grid.commit.number IS 'Number among the commits of the silo, from 1.';
COMMENT ON COLUMN grid.commit.slices IS 'Slices that it brought.';
COMMENT ON COLUMN grid.commit.ticks IS 'Ticks that it brought.';
COMMENT ON COLUMN grid.commit.runs IS 'Runs that it brought.';
COMMENT ON COLUMN grid.commit.rejected IS 'Quarantined events that it brought.';
COMMENT ON COLUMN grid.commit.first_time IS 'Lowest event time of its ticks; null if it has none.';
COMMENT ON COLUMN grid.commit.last_time IS 'Highest event time of its ticks; null if it has none.';
COMMENT ON COLUMN grid.commit.committed_at IS 'When its transaction began.';

CREATE TABLE grid.grain (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        smallint NOT NULL CHECK (kind IN (1, 2)),
    key         grid.name NOT NULL,
    epoch       bigint NOT NULL DEFAULT 0,
    silo_id     integer REFERENCES grid.silo,
    tail_from   timestamptz,
    claimed_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (kind, key)
) WITH (fillfactor = 60);
COMMENT ON TABLE grid.grain IS 'Who may write what: a grain is an instrument or a CUSIP in a cluster. Commits lock the rows of their grains, in the order of the ids.';
COMMENT ON COLUMN grid.grain.id IS 'Number of the grain in this database.';
COMMENT ON COLUMN grid.grain.kind IS '1 instrument, 2 CUSIP.';
COMMENT ON COLUMN grid.grain.key IS 'Symbol or CUSIP.';
COMMENT ON COLUMN grid.grain.epoch IS 'Activation: each claims the next one, and older ones may commit no more.';
COMMENT ON COLUMN grid.grain.silo_id IS 'The silo that claimed the epoch; null if none did.';
COMMENT ON COLUMN grid.grain.tail_from IS 'No event after the snapshot is older than this, by event time; null if there is none.';
COMMENT ON COLUMN grid.grain.claimed_at IS 'When the epoch was claimed.';

CREATE TABLE grid.slice (
    grain_id        integer NOT NULL REFERENCES grid.grain,
    producer_id     integer NOT NULL REFERENCES grid.producer,
    producer_epoch  bigint NOT NULL,
    highest         bigint NOT NULL,
    seen            bigint NOT NULL,
    commit_id       bigint NOT NULL,
    PRIMARY KEY (grain_id, producer_id)
) WITH (fillfactor = 60);
COMMENT ON TABLE grid.slice IS 'Which of a producer''s newest 64 batches a grain has committed its slices of.';
COMMENT ON COLUMN grid.slice.grain_id IS 'The grain.';
COMMENT ON COLUMN grid.slice.producer_id IS 'The producer.';
COMMENT ON COLUMN grid.slice.producer_epoch IS 'Newest life of the producer that the grain has met (unsigned bits).';
COMMENT ON COLUMN grid.slice.highest IS 'Highest batch of that life (unsigned bits).';
COMMENT ON COLUMN grid.slice.seen IS 'Bit i is set if batch highest - i is in.';
COMMENT ON COLUMN grid.slice.commit_id IS 'The commit that wrote this row.';

CREATE TABLE grid.grain_snapshot (
    grain_id   integer PRIMARY KEY REFERENCES grid.grain,
    commit_id  bigint NOT NULL,
    frame_row  integer NOT NULL,
    state      bytea NOT NULL,
    saved_at   timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE grid.grain_snapshot ALTER COLUMN state SET STORAGE EXTERNAL;
COMMENT ON TABLE grid.grain_snapshot IS 'The last saved state of each grain.';
COMMENT ON COLUMN grid.grain_snapshot.grain_id IS 'The grain.';
COMMENT ON COLUMN grid.grain_snapshot.commit_id IS 'It holds all earlier commits of the grain, and of this one the rows before frame_row.';
COMMENT ON COLUMN grid.grain_snapshot.frame_row IS 'First row of that commit that it does not hold.';
COMMENT ON COLUMN grid.grain_snapshot.state IS 'The state, as the grain encodes it.';
COMMENT ON COLUMN grid.grain_snapshot.saved_at IS 'When it was saved.';

-- Who may ------------------------------------------------------------------------------------------------------

GRANT SELECT ON grid.silo, grid.commit, grid.grain, grid.slice, grid.grain_snapshot TO grid_writer, grid_reader;
GRANT INSERT, UPDATE ON grid.silo, grid.grain, grid.slice, grid.grain_snapshot TO grid_writer;
GRANT INSERT ON grid.commit TO grid_writer;
GRANT USAGE ON SEQUENCE grid.commit_id TO grid_writer;

-- Producers and states mix sources: only readers without a limit see them.
ALTER TABLE grid.slice ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON grid.slice TO grid_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON grid.slice FOR SELECT TO grid_reader USING ((SELECT grid.readable_sources()) IS NULL);
ALTER TABLE grid.grain_snapshot ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON grid.grain_snapshot TO grid_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON grid.grain_snapshot FOR SELECT TO grid_reader USING ((SELECT grid.readable_sources()) IS NULL);
