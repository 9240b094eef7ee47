-- Destructive: every table of the grid and all that is in them. The roles stay: other databases of the server may use them.
DROP SCHEMA grid CASCADE;
