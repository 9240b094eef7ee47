-- What people read: names in place of numbers, decimals in place of scaled integers, and times down to the nanosecond as
-- ISO 8601 text beside the timestamptz, which is what to filter by. They read with the rights of whoever asks.

CREATE FUNCTION grid.price(scaled bigint) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN trim_scale(scaled * 0.000000001);
CREATE FUNCTION grid.size(scaled bigint) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN trim_scale(scaled * 0.00000001);
CREATE FUNCTION grid.volume(scaled numeric) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN trim_scale(scaled * 0.00000001);
CREATE FUNCTION grid.vwap(notional numeric, volume numeric) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN trim_scale(round(notional / nullif(volume, 0) * 0.000000001, 9));
CREATE FUNCTION grid.time_text(at timestamptz, ns smallint) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') || lpad(ns::text, 3, '0') || 'Z';
COMMENT ON FUNCTION grid.price IS 'A price, spread or yield as a decimal.';
COMMENT ON FUNCTION grid.size IS 'A size as a decimal.';
COMMENT ON FUNCTION grid.volume IS 'A sum of sizes as a decimal.';
COMMENT ON FUNCTION grid.vwap IS 'Average price from a sum of price times size and a sum of sizes; null without sizes.';
COMMENT ON FUNCTION grid.time_text IS 'A time with its nanoseconds as ISO 8601 in UTC.';

-- Ticks and runs -----------------------------------------------------------------------------------------------

CREATE VIEW grid.v_tick WITH (security_invoker = true) AS
SELECT
    i.symbol AS instrument,
    t.event_time,
    grid.time_text(t.event_time, t.event_ns) AS time,
    CASE t.kind WHEN 1 THEN 'trade' WHEN 2 THEN 'quote' WHEN 4 THEN 'cancel' WHEN 5 THEN 'correct' END AS kind,
    s.name AS source,
    nullif(v.name, '') AS venue,
    nullif(c.name, '') AS channel,
    t.session,
    grid.unsigned(t.sequence) AS sequence,
    grid.price(t.price) AS price,
    grid.size(t.size) AS size,
    grid.price(t.bid) AS bid,
    grid.size(t.bid_size) AS bid_size,
    grid.price(t.ask) AS ask,
    grid.size(t.ask_size) AS ask_size,
    grid.unsigned(t.amends) AS amends,
    t.conditions,
    t.outcome <> 0 AS flagged,
    grid.time_text(t.receive_time, t.receive_ns) AS received,
    t.epoch,
    t.lsn,
    t.frame_row
FROM grid.tick t
JOIN grid.instrument i ON i.id = t.instrument_id
JOIN grid.source s ON s.id = t.source_id
JOIN grid.venue v ON v.id = t.venue_id
JOIN grid.channel c ON c.id = t.channel_id;
COMMENT ON VIEW grid.v_tick IS 'Ticks of all kinds. Filter by instrument and event_time.';

CREATE VIEW grid.v_trade WITH (security_invoker = true) AS
SELECT
    i.symbol AS instrument,
    t.event_time,
    grid.time_text(t.event_time, t.event_ns) AS time,
    grid.price(t.price) AS price,
    grid.size(t.size) AS size,
    s.name AS source,
    nullif(v.name, '') AS venue,
    t.conditions,
    t.session,
    grid.unsigned(t.sequence) AS sequence,
    t.outcome <> 0 AS flagged
FROM grid.tick t
JOIN grid.instrument i ON i.id = t.instrument_id
JOIN grid.source s ON s.id = t.source_id
JOIN grid.venue v ON v.id = t.venue_id
WHERE t.kind = 1;
COMMENT ON VIEW grid.v_trade IS 'Trades as they were sent: cancels and corrections are rows of v_tick, and bars have them applied.';

CREATE VIEW grid.v_quote WITH (security_invoker = true) AS
SELECT
    i.symbol AS instrument,
    t.event_time,
    grid.time_text(t.event_time, t.event_ns) AS time,
    CASE WHEN t.flags & 1 <> 0 THEN 'set' WHEN t.flags & 2 <> 0 THEN 'cleared' END AS bid_change,
    grid.price(t.bid) AS bid,
    grid.size(t.bid_size) AS bid_size,
    CASE WHEN t.flags & 4 <> 0 THEN 'set' WHEN t.flags & 8 <> 0 THEN 'cleared' END AS ask_change,
    grid.price(t.ask) AS ask,
    grid.size(t.ask_size) AS ask_size,
    s.name AS source,
    nullif(v.name, '') AS venue,
    t.conditions,
    t.session,
    grid.unsigned(t.sequence) AS sequence,
    t.outcome <> 0 AS flagged
FROM grid.tick t
JOIN grid.instrument i ON i.id = t.instrument_id
JOIN grid.source s ON s.id = t.source_id
JOIN grid.venue v ON v.id = t.venue_id
WHERE t.kind = 2;
COMMENT ON VIEW grid.v_quote IS 'Quotes as they were sent. A side whose change is null stays as it was.';

CREATE VIEW grid.v_run WITH (security_invoker = true) AS
SELECT
    r.day,
    r.cusip,
    s.name AS dealer,
    r.event_time,
    grid.time_text(r.event_time, r.event_ns) AS time,
    i.symbol AS instrument,
    grid.price(r.bid) AS bid,
    grid.size(r.bid_size) AS bid_size,
    grid.price(r.ask) AS ask,
    grid.size(r.ask_size) AS ask_size,
    grid.price(r.bid_spread) AS bid_spread,
    grid.price(r.ask_spread) AS ask_spread,
    grid.price(r.bid_yield) AS bid_yield,
    grid.price(r.ask_yield) AS ask_yield,
    r.benchmark,
    r.session,
    grid.unsigned(r.sequence) AS sequence,
    r.outcome <> 0 AS flagged
FROM grid.run r
JOIN grid.instrument i ON i.id = r.instrument_id
JOIN grid.source s ON s.id = r.source_id;
COMMENT ON VIEW grid.v_run IS 'Runs of dealers. Spreads are in basis points, yields in percent.';

CREATE VIEW grid.v_run_latest WITH (security_invoker = true) AS
SELECT
    r.day,
    r.cusip,
    s.name AS dealer,
    grid.time_text(r.event_time, r.event_ns) AS time,
    i.symbol AS instrument,
    grid.price(r.bid) AS bid,
    grid.size(r.bid_size) AS bid_size,
    grid.price(r.ask) AS ask,
    grid.size(r.ask_size) AS ask_size,
    grid.price(r.ask - r.bid) AS spread,
    grid.price(r.bid_spread) AS bid_spread,
    grid.price(r.ask_spread) AS ask_spread,
    grid.price(r.bid_yield) AS bid_yield,
    grid.price(r.ask_yield) AS ask_yield,
    r.benchmark
FROM grid.run_latest r
JOIN grid.instrument i ON i.id = r.instrument_id
JOIN grid.source s ON s.id = r.source_id;
COMMENT ON VIEW grid.v_run_latest IS 'The newest run of each dealer, by date and CUSIP; spread is ask less bid.';

-- What is known now --------------------------------------------------------------------------------------------

CREATE VIEW grid.v_latest WITH (security_invoker = true) AS
SELECT
    i.symbol AS instrument,
    i.class,
    i.cusip,
    grid.time_text(l.event_time, l.event_ns) AS time,
    grid.price(l.last_price) AS price,
    grid.size(l.last_size) AS size,
    grid.time_text(l.last_time, l.last_ns) AS last_time,
    ls.name AS last_source,
    nullif(lv.name, '') AS last_venue,
    grid.price(l.bid) AS bid,
    grid.size(l.bid_size) AS bid_size,
    grid.time_text(l.bid_time, l.bid_ns) AS bid_time,
    bs.name AS bid_source,
    grid.price(l.ask) AS ask,
    grid.size(l.ask_size) AS ask_size,
    grid.time_text(l.ask_time, l.ask_ns) AS ask_time,
    sa.name AS ask_source,
    grid.price(l.ask - l.bid) AS spread,
    l.day,
    grid.price(l.day_open) AS day_open,
    grid.price(l.day_high) AS day_high,
    grid.price(l.day_low) AS day_low,
    grid.volume(l.day_volume) AS day_volume,
    grid.vwap(l.day_notional, l.day_volume) AS day_vwap,
    l.day_count,
    l.ticks,
    l.updated_at
FROM grid.latest l
JOIN grid.instrument i ON i.id = l.instrument_id
LEFT JOIN grid.source ls ON ls.id = l.last_source_id
LEFT JOIN grid.venue lv ON lv.id = l.last_venue_id
LEFT JOIN grid.source bs ON bs.id = l.bid_source_id
LEFT JOIN grid.source sa ON sa.id = l.ask_source_id;
COMMENT ON VIEW grid.v_latest IS 'The newest state of each instrument: last trade, best bid and offer over sources, statistics of the day.';

-- Bars ---------------------------------------------------------------------------------------------------------

CREATE VIEW grid.v_bar_1m WITH (security_invoker = true) AS
SELECT
    i.symbol AS instrument,
    b.start_time AS time,
    grid.price(b.open) AS open,
    grid.price(b.high) AS high,
    grid.price(b.low) AS low,
    grid.price(b.close) AS close,
    grid.volume(b.volume) AS volume,
    grid.vwap(b.notional, b.volume) AS vwap,
    b.count,
    grid.price(b.bid) AS bid,
    grid.size(b.bid_size) AS bid_size,
    grid.price(b.ask) AS ask,
    grid.size(b.ask_size) AS ask_size
FROM grid.bar b
JOIN grid.instrument i ON i.id = b.instrument_id
WHERE b.interval_s = 60;
COMMENT ON VIEW grid.v_bar_1m IS 'One-minute bars; bid and ask are those in force at the end.';

CREATE FUNCTION grid.bars(instrument text, length interval, from_time timestamptz, to_time timestamptz)
    RETURNS TABLE ("time" timestamptz, open numeric, high numeric, low numeric, close numeric, volume numeric, vwap numeric,
        count bigint, bid numeric, bid_size numeric, ask numeric, ask_size numeric)
    LANGUAGE sql STABLE PARALLEL SAFE
AS $function$
    WITH minute AS (
        SELECT date_bin($2, b.start_time, '2000-01-01Z') AS start, b.*
        FROM grid.bar b
        WHERE b.instrument_id = (SELECT i.id FROM grid.instrument i WHERE i.symbol = $1)
            AND b.interval_s = 60
            AND b.start_time >= date_bin($2, $3, '2000-01-01Z') AND b.start_time < $4
    )
    SELECT
        m.start,
        grid.price((array_agg(m.open ORDER BY m.start_time) FILTER (WHERE m.open IS NOT NULL))[1]),
        grid.price(max(m.high)),
        grid.price(min(m.low)),
        grid.price((array_agg(m.close ORDER BY m.start_time DESC) FILTER (WHERE m.close IS NOT NULL))[1]),
        grid.volume(sum(m.volume)),
        grid.vwap(sum(m.notional), sum(m.volume)),
        sum(m.count)::bigint,
        grid.price((array_agg(m.bid ORDER BY m.start_time DESC))[1]),
        grid.size((array_agg(m.bid_size ORDER BY m.start_time DESC))[1]),
        grid.price((array_agg(m.ask ORDER BY m.start_time DESC))[1]),
        grid.size((array_agg(m.ask_size ORDER BY m.start_time DESC))[1])
    FROM minute m
    GROUP BY m.start
    ORDER BY m.start
$function$;
COMMENT ON FUNCTION grid.bars IS 'Bars of one instrument, any whole number of minutes long, that begin at or after the one of from_time and before to_time.';

DO $do$
DECLARE
    bars record;
BEGIN
    FOR bars IN SELECT * FROM (VALUES ('5m', '5 minutes'), ('15m', '15 minutes'), ('1h', '1 hour'), ('1d', '1 day')) AS b (name, length) LOOP
        EXECUTE format($view$
            CREATE VIEW grid.%I WITH (security_invoker = true) AS
            SELECT
                i.symbol AS instrument,
                date_bin(%L, b.start_time, '2000-01-01Z') AS time,
                grid.price((array_agg(b.open ORDER BY b.start_time) FILTER (WHERE b.open IS NOT NULL))[1]) AS open,
                grid.price(max(b.high)) AS high,
                grid.price(min(b.low)) AS low,
                grid.price((array_agg(b.close ORDER BY b.start_time DESC) FILTER (WHERE b.close IS NOT NULL))[1]) AS close,
                grid.volume(sum(b.volume)) AS volume,
                grid.vwap(sum(b.notional), sum(b.volume)) AS vwap,
                sum(b.count)::bigint AS count,
                grid.price((array_agg(b.bid ORDER BY b.start_time DESC))[1]) AS bid,
                grid.size((array_agg(b.bid_size ORDER BY b.start_time DESC))[1]) AS bid_size,
                grid.price((array_agg(b.ask ORDER BY b.start_time DESC))[1]) AS ask,
                grid.size((array_agg(b.ask_size ORDER BY b.start_time DESC))[1]) AS ask_size
            FROM grid.bar b
            JOIN grid.instrument i ON i.id = b.instrument_id
            WHERE b.interval_s = 60
            GROUP BY i.id, i.symbol, 2
            $view$, 'v_bar_' || bars.name, bars.length);
        EXECUTE format('COMMENT ON VIEW grid.%I IS %L', 'v_bar_' || bars.name,
            format('Bars of %s over the one-minute bars. For a range of time use grid.bars(), which reads no others.', bars.length));
    END LOOP;
END
$do$;

-- Reports ------------------------------------------------------------------------------------------------------

CREATE FUNCTION grid.daily_summary(first_day date, last_day date)
    RETURNS TABLE (day date, instrument text, class text, cusip text, open numeric, high numeric, low numeric, close numeric, volume numeric,
        vwap numeric, count bigint, first_minute timestamptz, last_minute timestamptz)
    LANGUAGE sql STABLE PARALLEL SAFE
AS $function$
    SELECT
        (b.start_time AT TIME ZONE 'UTC')::date,
        i.symbol,
        i.class,
        i.cusip,
        grid.price((array_agg(b.open ORDER BY b.start_time) FILTER (WHERE b.open IS NOT NULL))[1]),
        grid.price(max(b.high)),
        grid.price(min(b.low)),
        grid.price((array_agg(b.close ORDER BY b.start_time DESC) FILTER (WHERE b.close IS NOT NULL))[1]),
        grid.volume(sum(b.volume)),
        grid.vwap(sum(b.notional), sum(b.volume)),
        sum(b.count)::bigint,
        min(b.start_time) FILTER (WHERE b.count > 0),
        max(b.start_time) FILTER (WHERE b.count > 0)
    FROM grid.bar b
    JOIN grid.instrument i ON i.id = b.instrument_id
    WHERE b.interval_s = 60
        AND b.start_time >= $1::timestamp AT TIME ZONE 'UTC' AND b.start_time < ($2 + 1)::timestamp AT TIME ZONE 'UTC'
    GROUP BY 1, i.id
$function$;
COMMENT ON FUNCTION grid.daily_summary IS 'Trading of each instrument by UTC date, for a range of days; reads no others.';

CREATE VIEW grid.v_daily_summary WITH (security_invoker = true) AS
SELECT * FROM grid.daily_summary('1970-01-01', '2099-12-31');
COMMENT ON VIEW grid.v_daily_summary IS 'Trading of each instrument by UTC date. For a range of days use grid.daily_summary(), which reads no others.';

CREATE VIEW grid.v_cusip_activity WITH (security_invoker = true) AS
SELECT
    l.day,
    l.cusip,
    l.dealers,
    n.runs,
    grid.price(l.best_bid) AS best_bid,
    grid.price(l.best_ask) AS best_ask,
    trim_scale(round((l.best_bid::numeric + l.best_ask) / 2 * 0.000000001, 9)) AS mid,
    grid.price(l.best_ask - l.best_bid) AS spread,
    grid.volume(l.bid_size) AS bid_size,
    grid.volume(l.ask_size) AS ask_size,
    n.first_run,
    n.last_run
FROM (
    SELECT day, cusip,
        count(*) FILTER (WHERE bid IS NOT NULL OR ask IS NOT NULL) AS dealers,
        max(bid) AS best_bid, min(ask) AS best_ask, sum(bid_size) AS bid_size, sum(ask_size) AS ask_size
    FROM grid.run_latest
    GROUP BY day, cusip
) l
LEFT JOIN (
    SELECT day, cusip, count(*) AS runs, min(event_time) AS first_run, max(event_time) AS last_run
    FROM grid.run
    GROUP BY day, cusip
) n USING (day, cusip);
COMMENT ON VIEW grid.v_cusip_activity IS 'Each CUSIP by date: how many dealers show a price, how many runs they sent, the best prices and the sizes shown in the newest runs.';

CREATE VIEW grid.v_dealer_performance WITH (security_invoker = true) AS
SELECT
    n.day,
    s.name AS dealer,
    n.runs,
    l.cusips,
    l.two_sided,
    l.best_bids,
    l.best_asks,
    trim_scale(round(l.average_spread * 0.000000001, 9)) AS average_spread,
    trim_scale(round(l.average_bid_spread * 0.000000001, 9)) AS average_bid_spread,
    trim_scale(round(l.average_ask_spread * 0.000000001, 9)) AS average_ask_spread,
    n.first_run,
    n.last_run
FROM (
    SELECT day, source_id, count(*) AS runs, min(event_time) AS first_run, max(event_time) AS last_run
    FROM grid.run
    GROUP BY day, source_id
) n
JOIN grid.source s ON s.id = n.source_id
LEFT JOIN (
    SELECT day, source_id,
        count(*) AS cusips,
        count(*) FILTER (WHERE bid IS NOT NULL AND ask IS NOT NULL) AS two_sided,
        count(*) FILTER (WHERE bid = best_bid) AS best_bids,
        count(*) FILTER (WHERE ask = best_ask) AS best_asks,
        avg(ask - bid) AS average_spread,
        avg(bid_spread) AS average_bid_spread,
        avg(ask_spread) AS average_ask_spread
    FROM (
        SELECT r.*, max(bid) OVER same AS best_bid, min(ask) OVER same AS best_ask
        FROM grid.run_latest r
        WINDOW same AS (PARTITION BY day, cusip)
    ) shown
    GROUP BY day, source_id
) l USING (day, source_id);
COMMENT ON VIEW grid.v_dealer_performance IS 'Each dealer by date: runs sent, CUSIPs shown, how often its newest prices are the best, and its average spreads.';

-- Quality ------------------------------------------------------------------------------------------------------

CREATE VIEW grid.v_gap WITH (security_invoker = true) AS
SELECT
    s.name AS source,
    nullif(c.name, '') AS channel,
    g.session,
    grid.unsigned(g.first_missing) AS first_missing,
    grid.unsigned(g.last_missing) AS last_missing,
    grid.unsigned(g.last_missing) - grid.unsigned(g.first_missing) + 1 AS missing,
    g.opened_at
FROM grid.gap g
JOIN grid.source s ON s.id = g.source_id
JOIN grid.channel c ON c.id = g.channel_id;
COMMENT ON VIEW grid.v_gap IS 'Numbers that are missing now in the series of contiguous sources.';

CREATE VIEW grid.v_quarantine WITH (security_invoker = true) AS
SELECT
    q.quarantined_at,
    q.reason_name AS reason,
    q.message,
    i.symbol AS instrument,
    s.name AS source,
    nullif(c.name, '') AS channel,
    p.name AS producer,
    CASE q.kind WHEN 1 THEN 'trade' WHEN 2 THEN 'quote' WHEN 3 THEN 'run' WHEN 4 THEN 'cancel' WHEN 5 THEN 'correct'
        WHEN 6 THEN 'definition' END AS kind,
    grid.time_text(q.event_time, q.event_ns) AS time,
    grid.time_text(q.receive_time, q.receive_ns) AS received,
    q.session,
    grid.unsigned(q.sequence) AS sequence,
    grid.price(q.price) AS price,
    grid.size(q.size) AS size,
    grid.price(q.bid) AS bid,
    grid.size(q.bid_size) AS bid_size,
    grid.price(q.ask) AS ask,
    grid.size(q.ask_size) AS ask_size,
    grid.unsigned(q.amends) AS amends,
    q.cusip,
    q.released_at,
    q.epoch,
    q.lsn,
    q.frame_row
FROM grid.quarantine q
LEFT JOIN grid.producer p ON p.id = q.producer_id
LEFT JOIN grid.instrument i ON i.id = q.instrument_id
LEFT JOIN grid.source s ON s.id = q.source_id
LEFT JOIN grid.channel c ON c.id = q.channel_id;
COMMENT ON VIEW grid.v_quarantine IS 'Events that were not applied, each with the reason.';

-- 100 less the share that was rejected, half of the share that was marked and a quarter of the share that came late; in
-- hundredths, rounded half up.
CREATE VIEW grid.v_data_quality WITH (security_invoker = true) AS
SELECT
    q.day,
    i.symbol AS instrument,
    s.name AS source,
    q.accepted,
    q.flagged,
    q.duplicate,
    q.rejected,
    q.late,
    CASE WHEN q.accepted + q.flagged + q.rejected > 0 THEN
        div(20000 * (4 * (q.accepted + q.flagged + q.rejected)::numeric - (4 * q.rejected + 2 * q.flagged + q.late))
            + 4 * (q.accepted + q.flagged + q.rejected), 8 * (q.accepted + q.flagged + q.rejected)) * 0.01
    END AS score,
    q.last_received
FROM grid.data_quality_log q
JOIN grid.instrument i ON i.id = q.instrument_id
JOIN grid.source s ON s.id = q.source_id;
COMMENT ON VIEW grid.v_data_quality IS 'What became of the events of each instrument and source by date of receipt, with a score from 0 to 100.';

-- A column means the same in every view that has it.
DO $do$
DECLARE
    explained record;
BEGIN
    FOR explained IN
        SELECT c.relname, a.attname,
            CASE WHEN c.relname = 'v_data_quality' AND a.attname = 'flagged' THEN 'Applied and marked.' ELSE meaning END AS meaning
        FROM (VALUES
            ('instrument', 'Symbol of the instrument.'),
            ('class', 'Class of the instrument.'),
            ('cusip', 'CUSIP.'),
            ('event_time', 'When it happened, by the source, down to the microsecond; to filter by.'),
            ('time', 'When it happened, with nanoseconds; of a bar, its start.'),
            ('kind', 'trade, quote, cancel or correct; in the quarantine also run or definition.'),
            ('source', 'Who sent it.'),
            ('venue', 'Where it happened.'),
            ('channel', 'On which channel of the source.'),
            ('session', 'The source''s session: a date as yyyymmdd, or a number that grows.'),
            ('sequence', 'The source''s number in (source, channel, session); 0 if it gives none.'),
            ('price', 'Price of the trade or correction.'),
            ('size', 'Size of the trade or correction.'),
            ('bid', 'Bid; of latest and bars the best over sources.'),
            ('bid_size', 'Size of the bid; over dealers their sum.'),
            ('ask', 'Ask; of latest and bars the best over sources.'),
            ('ask_size', 'Size of the ask; over dealers their sum.'),
            ('amends', 'Sequence of the trade that a cancel or correction amends.'),
            ('conditions', 'Condition bits as the source defines them.'),
            ('flagged', 'True if a rule marked it.'),
            ('received', 'When Grid received it, with nanoseconds.'),
            ('epoch', 'Life of the writer that stored it.'),
            ('lsn', 'Journal frame that brought it.'),
            ('frame_row', 'Its place in that frame, from 0.'),
            ('bid_change', 'set, cleared, or null if the bid stays as it was.'),
            ('ask_change', 'set, cleared, or null if the ask stays as it was.'),
            ('day', 'Date; of runs the session date, of summaries and quality the UTC date.'),
            ('dealer', 'The dealer: the source of the run.'),
            ('bid_spread', 'Spread of the bid over the benchmark, basis points.'),
            ('ask_spread', 'Spread of the ask over the benchmark, basis points.'),
            ('bid_yield', 'Yield of the bid, percent.'),
            ('ask_yield', 'Yield of the ask, percent.'),
            ('benchmark', 'CUSIP of the benchmark.'),
            ('spread', 'Ask less bid.'),
            ('last_time', 'When the last trade happened, with nanoseconds.'),
            ('last_source', 'Who sent the last trade.'),
            ('last_venue', 'Where the last trade happened.'),
            ('bid_time', 'When the bid was set.'),
            ('bid_source', 'Who set the bid.'),
            ('ask_time', 'When the ask was set.'),
            ('ask_source', 'Who set the ask.'),
            ('day_open', 'First price of the session date.'),
            ('day_high', 'Highest price of the session date.'),
            ('day_low', 'Lowest price of the session date.'),
            ('day_volume', 'Sum of sizes of the session date.'),
            ('day_vwap', 'Volume-weighted average price of the session date.'),
            ('day_count', 'Prints of the session date.'),
            ('ticks', 'Ticks of the instrument so far.'),
            ('updated_at', 'When PostgreSQL was told.'),
            ('open', 'First price.'),
            ('high', 'Highest price.'),
            ('low', 'Lowest price.'),
            ('close', 'Last price.'),
            ('volume', 'Sum of sizes.'),
            ('vwap', 'Volume-weighted average price; null without volume.'),
            ('count', 'Prints that count for volume.'),
            ('first_minute', 'First minute with a print.'),
            ('last_minute', 'Last minute with a print.'),
            ('dealers', 'Dealers that show a bid or an ask.'),
            ('runs', 'Runs that were sent.'),
            ('best_bid', 'Highest bid of the newest runs.'),
            ('best_ask', 'Lowest ask of the newest runs.'),
            ('mid', 'Halfway between best bid and best ask.'),
            ('first_run', 'When the first run was sent.'),
            ('last_run', 'When the last run was sent.'),
            ('cusips', 'CUSIPs that the dealer shows a price for.'),
            ('two_sided', 'CUSIPs with both a bid and an ask of the dealer.'),
            ('best_bids', 'CUSIPs of which the dealer has the best bid, alone or with others.'),
            ('best_asks', 'CUSIPs of which the dealer has the best ask, alone or with others.'),
            ('average_spread', 'Average of ask less bid over its newest runs.'),
            ('average_bid_spread', 'Average spread of its bids over the benchmark, basis points.'),
            ('average_ask_spread', 'Average spread of its asks over the benchmark, basis points.'),
            ('first_missing', 'First number that is missing.'),
            ('last_missing', 'Last number that is missing.'),
            ('missing', 'How many numbers are missing.'),
            ('opened_at', 'When PostgreSQL was told of the gap.'),
            ('quarantined_at', 'When PostgreSQL was told.'),
            ('reason', 'Why it was not applied.'),
            ('message', 'What PostgreSQL said, if it refused the row.'),
            ('producer', 'Who sent the batch.'),
            ('released_at', 'When somebody released it; null while it is held.'),
            ('accepted', 'Applied without a mark.'),
            ('duplicate', 'Not applied: seen before.'),
            ('rejected', 'Not applied: quarantined.'),
            ('late', 'Of those applied, the ones older than the instrument''s newest when they came.'),
            ('score', '0 to 100; null if nothing was judged.'),
            ('last_received', 'When the newest was received.')
        ) AS word (name, meaning)
        JOIN pg_catalog.pg_attribute a ON a.attname = word.name
        JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind = 'v' AND c.relnamespace = 'grid'::regnamespace
    LOOP
        EXECUTE format('COMMENT ON COLUMN grid.%I.%I IS %L', explained.relname, explained.attname, explained.meaning);
    END LOOP;
END
$do$;

DO $do$
DECLARE
    readable record;
BEGIN
    FOR readable IN SELECT viewname FROM pg_catalog.pg_views WHERE schemaname = 'grid' LOOP
        EXECUTE format('GRANT SELECT ON grid.%I TO grid_reader, grid_writer', readable.viewname);
    END LOOP;
END
$do$;
