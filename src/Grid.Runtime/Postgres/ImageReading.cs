using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Runtime.Queries;
using Grid.Runtime.Shards;
using Grid.Storage.Postgres;

namespace Grid.Runtime.Postgres;

/// <summary>
/// Reads what instruments look like now, whole: latest values and the minutes that changed. It may be ahead of the journal's
/// flushed position; who writes it down waits until that has come as far.
/// </summary>
/// <param name="image">The grid.</param>
/// <param name="askShard">Asks something on a shard's thread.</param>
internal sealed class ImageReading(GridImage image, Func<int, Func<Shard, List<ImageReading.Whole>>, Task<List<ImageReading.Whole>>> askShard)
{
    // Instruments that a shard copies at a time: some 100 µs of its thread.
    private const int AtOnce = 128;

    // Of bars that only end with another quote than before: those of twenty-five trading days.
    private const int CarriedBarsMax = 10_000;

    /// <summary>An instrument of which more than the open minute is asked, as it was at one moment.</summary>
    internal readonly record struct Whole(DirtyInstrument Instrument, InstrumentView View, ulong Ticks);

    /// <summary>Adds latest values and minutes of instruments to a flush.</summary>
    public async Task ReadAsync(IReadOnlyList<DirtyInstrument> dirty, PostgresFlush flush)
    {
        var whole = new List<DirtyInstrument>?[image.Shards.Length];
        foreach (var instrument in dirty)
        {
            if (!TryReadOpen(instrument, flush))
            {
                (whole[image.ShardOf(instrument.Id).Index] ??= []).Add(instrument);
            }
        }

        for (var shard = 0; shard < whole.Length; shard++)
        {
            foreach (var some in whole[shard]?.Chunk(AtOnce) ?? [])
            {
                var views = await askShard(shard, _ => [.. some.Select(ViewOf)]).ConfigureAwait(false);
                views.ForEach(view => AddMinutes(view, flush));
            }
        }
    }

    // The latest values, and the open minute if no other changed. Most instruments need no more, and no shard is asked for them.
    private bool TryReadOpen(DirtyInstrument instrument, PostgresFlush flush)
    {
        var state = image.Instruments[instrument.Id];
        if (state is null || state.Version == 0)
        {
            return true;
        }

        instrument.View ??= state.History.Freeze();
        var isOpen = state.Follow(instrument.View, out var latest, out var minute);
        flush.Latest.Add(latest);
        if (instrument.Amendments.Count > 0 || instrument.AllFrom != long.MaxValue || instrument.Minutes.Count > 1
            || (instrument.Minutes.Count == 1 && !(isOpen && instrument.Minutes.Contains(minute.Start.Value))))
        {
            return false;
        }

        if (instrument.Minutes.Count == 1 && (!minute.IsEmpty || instrument.QuoteMinute == minute.Start.Value))
        {
            // The open minute is the newest: what is in force now is in force at its end.
            var bar = minute.ToBar();
            (bar.Bid, bar.Ask) = (latest.Bid, latest.Ask);
            flush.Bars.Add(new BarRow(instrument.Id, bar, latest.Ticks));
        }

        return true;
    }

    private Whole ViewOf(DirtyInstrument instrument)
    {
        var state = image.Instruments[instrument.Id]!;
        state.Read(out var latest);
        return new Whole(instrument, InstrumentView.Of(state), latest.Ticks);
    }

    private void AddMinutes(Whole whole, PostgresFlush flush)
    {
        var (instrument, view, ticks) = whole;
        AddAmended(instrument, view);
        var minutes = instrument.Minutes.Order().ToList();
        for (var i = 0; i < minutes.Count;)
        {
            var from = i++;
            while (i < minutes.Count && minutes[i] - minutes[i - 1] == UnixNanos.PerMinute)
            {
                i++;
            }

            AddBars(whole, flush, minutes[from], minutes[i - 1], i - from);
        }

        if (instrument.AllFrom != long.MaxValue)
        {
            foreach (var bar in view.Bars(UnixNanos.PerMinute, new UnixNanos(instrument.AllFrom), new UnixNanos(long.MaxValue), CarriedBarsMax, image.Context.Order, image.Context))
            {
                if (!instrument.Minutes.Contains(bar.Start.Value))
                {
                    flush.Bars.Add(new BarRow(instrument.Id, bar, ticks));
                }
            }
        }
    }

    // The minutes of the trades that cancels and corrections reach.
    private static void AddAmended(DirtyInstrument instrument, InstrumentView view)
    {
        foreach (var e in instrument.Amendments)
        {
            if (view.Amendments is null || e.AmendedSequence == 0)
            {
                continue;
            }

            var amendment = Amendment.Of(in e);
            var trades = new List<MarketEvent>();
            view.History.FindTrades(amendment.Domain, view.Amendments.ReachedBy(in amendment), isUnique: false, trades);
            trades.ForEach(trade => instrument.Minutes.Add(trade.EventTime.Floor(UnixNanos.PerMinute).Value));
        }
    }

    private void AddBars(Whole whole, PostgresFlush flush, long first, long last, int count)
    {
        var (instrument, view, ticks) = whole;
        var end = last > long.MaxValue - UnixNanos.PerMinute ? long.MaxValue : last + UnixNanos.PerMinute;
        var expected = first;
        foreach (var bar in view.Bars(UnixNanos.PerMinute, new UnixNanos(first), new UnixNanos(end), count, image.Context.Order, image.Context))
        {
            AddGone(expected, bar.Start.Value);
            flush.Bars.Add(new BarRow(instrument.Id, bar, ticks));
            expected = bar.Start.Value + UnixNanos.PerMinute;
        }

        AddGone(expected, end);

        void AddGone(long from, long to)
        {
            for (; from < to; from += UnixNanos.PerMinute)
            {
                flush.GoneBars.Add((instrument.Id, new UnixNanos(from)));
            }
        }
    }
}
