DO $do$
DECLARE
    readable record;
BEGIN
    FOR readable IN SELECT viewname FROM pg_catalog.pg_views WHERE schemaname = 'grid' LOOP
        EXECUTE format('DROP VIEW grid.%I', readable.viewname);
    END LOOP;
END
$do$;
DROP FUNCTION grid.daily_summary, grid.bars, grid.time_text, grid.vwap, grid.volume, grid.size, grid.price;
