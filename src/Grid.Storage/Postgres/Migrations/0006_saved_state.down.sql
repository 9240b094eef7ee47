-- Destructive: the saved states with which a grid begins whose disk is lost. It begins with the oldest ticks then, which takes longer.
DROP TABLE grid.saved_state, grid.saved_state_part, grid.partition_newest;
