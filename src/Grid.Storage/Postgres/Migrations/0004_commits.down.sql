-- Destructive: what a cluster knows of its grains: epochs, slices that were committed, snapshots, and the list of commits.
DROP TABLE grid.grain_snapshot, grid.slice, grid.grain, grid.commit, grid.silo;
DROP SEQUENCE grid.commit_id;
