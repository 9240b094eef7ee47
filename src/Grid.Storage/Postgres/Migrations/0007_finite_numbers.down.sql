ALTER TABLE grid.gap_domain DROP CONSTRAINT gap_domain_forgotten_numbers_is_a_number;
ALTER TABLE grid.bar DROP CONSTRAINT bar_volume_is_a_number, DROP CONSTRAINT bar_notional_is_a_number;
ALTER TABLE grid.latest DROP CONSTRAINT latest_day_volume_is_a_number, DROP CONSTRAINT latest_day_notional_is_a_number;
