-- Destructive: which silos a cluster has, gaps of its sources, and how far its producers are in.
DROP TABLE grid.orleansquery, grid.membership, grid.membership_version;
DELETE FROM grid.grain_snapshot WHERE grain_id IN (SELECT id FROM grid.grain WHERE kind > 2);
DELETE FROM grid.slice WHERE grain_id IN (SELECT id FROM grid.grain WHERE kind > 2);
DELETE FROM grid.grain WHERE kind > 2;
ALTER TABLE grid.grain DROP CONSTRAINT grain_kind_check, ADD CONSTRAINT grain_kind_check CHECK (kind IN (1, 2));
COMMENT ON COLUMN grid.grain.kind IS '1 instrument, 2 CUSIP.';
COMMENT ON COLUMN grid.grain.key IS 'Symbol or CUSIP.';
ALTER TABLE grid.source DROP COLUMN declared;
