using System.Buffers;
using System.Security.Cryptography;
using Grid.Domain;
using Grid.Domain.Cusips;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Runtime.Queries;

namespace Grid.Runtime.Recovery;

/// <summary>
/// Two SHA-256 hashes of an image, over names and never over process-local numbers. The market hash covers what users
/// see (last, best bid and offer, one-minute bars, day statistics) and is the same for every order of arrival; the full
/// hash also covers windows, counts, CUSIPs and each tick with its outcome, and is the same for the same order.
/// </summary>
internal static class StateHash
{
    /// <summary>Hashes an image that nobody is changing.</summary>
    public static (string Market, string Full) Of(GridImage image)
    {
        using var market = new HashFeed();
        using var full = new HashFeed();
        var names = image.Names;
        foreach (var state in image.Instruments.All().OrderBy(s => names.Symbol(s.Id), StringComparer.Ordinal))
        {
            if (state.Version == 0 && state.Windows.Count == 0 && state.ReadCounts(out _).Events == 0)
            {
                continue;
            }

            if (state.Version > 0)
            {
                AddMarket(market, state, image);
            }

            AddMarket(full, state, image);
            AddFull(full, state, image);
        }

        image.Cusips.ForEach(state => AddCusip(full, state, image.Names));
        foreach (var (outcome, count) in image.TotalCounts().NonZero())
        {
            full.Add(outcome.Value);
            full.Add(count);
        }

        return (market.Finish(), full.Finish());
    }

    private static void AddMarket(HashFeed hash, InstrumentState state, GridImage image)
    {
        state.Read(out var latest);
        hash.Add(image.Names.Symbol(state.Id));
        AddTrade(hash, in latest.Last, image.Names);
        AddSide(hash, latest.Bid, image.Names);
        AddSide(hash, latest.Ask, image.Names);
        hash.Add(latest.Day.Date);
        hash.Add(latest.Day.Count);
        hash.Add(latest.Day.Open.Raw);
        hash.Add(latest.Day.High.Raw);
        hash.Add(latest.Day.Low.Raw);
        hash.Add(latest.Day.Volume);
        hash.Add(latest.Day.Notional);
        var bars = InstrumentView.Of(state).Bars(
            UnixNanos.PerMinute, new UnixNanos(long.MinValue + UnixNanos.PerDay), new UnixNanos(long.MaxValue), int.MaxValue, image.Context.Order, image.Context);
        foreach (var bar in bars)
        {
            AddBar(hash, bar, image.Names);
        }
    }

    private static void AddFull(HashFeed hash, InstrumentState state, GridImage image)
    {
        var counts = state.ReadCounts(out _);
        hash.Add(counts.Accepted);
        hash.Add(counts.Flagged);
        hash.Add(counts.Duplicate);
        hash.Add(counts.Rejected);
        hash.Add(counts.Late);
        foreach (var (domain, window) in state.Windows.All())
        {
            hash.Add(image.Names.Sources[domain.Source.Value]);
            hash.Add(image.Names.Channels[(int)domain.Channel.Value]);
            hash.Add(domain.Session);
            hash.Add(window.Floor);
            foreach (var range in window.Ranges())
            {
                hash.Add(range);
            }
        }

        var ticks = new List<HistoryTick>();
        state.History.ReadTicks(new UnixNanos(long.MinValue), new UnixNanos(long.MaxValue), ticks);
        foreach (var (e, outcome) in ticks)
        {
            AddTrade(hash, in e, image.Names);
            hash.Add((byte)(e.Flags & EventFlags.FromFeed));
            hash.Add(outcome.Value);
        }
    }

    private static void AddCusip(HashFeed hash, CusipState state, GridNames names)
    {
        Span<byte> detail = stackalloc byte[RunDetail.EncodedBytes];
        foreach (var date in state.Dates)
        {
            hash.Add(state.Cusip.ToString());
            hash.Add(date);
            foreach (var run in state.RunsOn(date))
            {
                AddTrade(hash, run.Event, names);
                hash.Add(names.Instruments[(int)run.Event.Instrument.Value]);
                run.Detail.Write(detail);
                hash.Add(detail);
            }

            foreach (var (_, instrument, quote) in state.QuotesOn(date))
            {
                hash.Add(names.Instruments[(int)instrument.Value]);
                hash.Add(names.Sources[quote.Source.Value]);
                hash.Add(quote.Bid.State);
                hash.Add(quote.Bid.Time);
                hash.Add(quote.Bid.Price);
                hash.Add(quote.Bid.Size);
                hash.Add(quote.Ask.State);
                hash.Add(quote.Ask.Time);
                hash.Add(quote.Ask.Price);
                hash.Add(quote.Ask.Size);
            }
        }
    }

    private static void AddTrade(HashFeed hash, in MarketEvent e, GridNames names)
    {
        hash.Add((byte)e.Kind);
        if (e.Kind == EventKind.None)
        {
            return;
        }

        hash.Add(names.Sources[e.Source.Value]);
        hash.Add(names.Channels[(int)e.Channel.Value]);
        hash.Add(names.Venues[e.Venue.Value]);
        hash.Add(e.Session);
        hash.Add(e.Conditions);
        hash.Add(e.Sequence);
        hash.Add(e.EventTime);
        hash.Add(e.F0);
        hash.Add(e.F1);
        hash.Add(e.F2);
        hash.Add(e.F3);
    }

    private static void AddSide(HashFeed hash, Side side, GridNames names)
    {
        hash.Add(side.IsSet);
        if (side.IsSet)
        {
            hash.Add(side.Price.Raw);
            hash.Add(side.Size.Raw);
            hash.Add(side.Time);
            hash.Add(names.Sources[side.Source.Value]);
        }
    }

    private static void AddBar(HashFeed hash, in Bar bar, GridNames names)
    {
        hash.Add(bar.Start);
        hash.Add(bar.HasPrices);
        hash.Add(bar.Open.Raw);
        hash.Add(bar.High.Raw);
        hash.Add(bar.Low.Raw);
        hash.Add(bar.Close.Raw);
        hash.Add(bar.Volume);
        hash.Add(bar.Notional);
        hash.Add(bar.Count);
        AddSide(hash, bar.Bid, names);
        AddSide(hash, bar.Ask, names);
    }

    private sealed class HashFeed : IDisposable
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private readonly ArrayBufferWriter<byte> _buffer = new(64 << 10);
        private readonly StateWriter _writer;

        public HashFeed() => _writer = new StateWriter(_buffer);

        public void Add<T>(T value)
            where T : unmanaged
        {
            _writer.Put(in value);
            Drain(32 << 10);
        }

        public void Add(ReadOnlySpan<byte> name) => _writer.Put(name);

        public void Add(string text) => _writer.Put(text);

        public string Finish()
        {
            Drain(0);
            return Convert.ToHexStringLower(_hash.GetHashAndReset());
        }

        public void Dispose() => _hash.Dispose();

        private void Drain(int above)
        {
            if (_buffer.WrittenCount > above)
            {
                _hash.AppendData(_buffer.WrittenSpan);
                _buffer.ResetWrittenCount();
            }
        }
    }
}
