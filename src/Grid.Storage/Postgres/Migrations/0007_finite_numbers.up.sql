-- Sums are numeric, and numeric has NaN: it is greater than every number, so that one would stay in each sum and each maximum.
-- Infinities do not fit numbers of 39 digits. All other numbers are integers, which have neither.

ALTER TABLE grid.latest
    ADD CONSTRAINT latest_day_volume_is_a_number CHECK (day_volume <> 'NaN'),
    ADD CONSTRAINT latest_day_notional_is_a_number CHECK (day_notional <> 'NaN');
ALTER TABLE grid.bar
    ADD CONSTRAINT bar_volume_is_a_number CHECK (volume <> 'NaN'),
    ADD CONSTRAINT bar_notional_is_a_number CHECK (notional <> 'NaN');
ALTER TABLE grid.gap_domain
    ADD CONSTRAINT gap_domain_forgotten_numbers_is_a_number CHECK (forgotten_numbers <> 'NaN');
