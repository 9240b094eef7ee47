using System.Text;
using Grid.Domain;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Runtime;

namespace Grid.Gateway.Tests.Dashboard;

/// <summary>A small market that feeds a grid: prices that walk, and what a test wants to be seen. Each call waits until it is acknowledged.</summary>
internal sealed class WalkingMarket : IFeedListener, IAsyncDisposable
{
    private const long TickRaw = 10_000_000;
    private const int EventsPerStep = 100;

    private readonly Random _random = new(11);
    private readonly EventBatchEncoder _encoder = new();
    private readonly string[] _symbols;
    private readonly long[] _prices;
    private IFeed _feed = null!;
    private TaskCompletionSource _acknowledged = new();
    private ulong _batch;
    private ulong _sequence;

    private WalkingMarket(string[] symbols)
    {
        _symbols = symbols;
        _prices = [.. symbols.Select(_ => (long)_random.Next(2_000, 60_000))];
    }

    /// <summary>Opens the feed and gives every instrument a quote and a trade.</summary>
    public static async Task<WalkingMarket> OpenAsync(IGrid grid, params string[] symbols)
    {
        var market = new WalkingMarket(symbols);
        market._feed = await grid.OpenFeedAsync(new FeedHello("walker", 1, AckLevel.Journaled), market, CancellationToken.None);
        market._feed.AddName(NameKind.Source, "WALK"u8);
        market._feed.AddName(NameKind.Source, "LOSSY"u8);
        market._feed.AddName(NameKind.Venue, "XNAS"u8);
        market._feed.AddName(NameKind.Channel, "equities"u8);
        await market._feed.DeclareSourceAsync(new SourceDeclaration { Name = "WALK", Policy = DedupPolicy.None }, CancellationToken.None);
        await market._feed.DeclareSourceAsync(new SourceDeclaration { Name = "LOSSY", IsContiguous = true }, CancellationToken.None);
        foreach (var symbol in symbols)
        {
            market._feed.AddName(NameKind.Instrument, Encoding.ASCII.GetBytes(symbol));
        }

        for (var i = 0; i < symbols.Length; i++)
        {
            market.Move(i, Now(), reach: 0);
            if (market._encoder.Count > EventsPerStep)
            {
                await market.SubmitAsync();
            }
        }

        await market.SubmitAsync();
        return market;
    }

    /// <summary>One trade of an instrument at a price.</summary>
    public Task TradeAsync(string symbol, string price)
    {
        _encoder.Add(Trade(Array.IndexOf(_symbols, symbol), Price.Parse(price).Raw, Now()));
        return SubmitAsync();
    }

    /// <summary>Trades of the first instruments over the last hours, one every fifteen seconds.</summary>
    public async Task AddHistoryAsync(int instruments, int hours)
    {
        var now = Now().Value;
        for (var time = now - (hours * 3600 * UnixNanos.PerSecond); time < now; time += 15 * UnixNanos.PerSecond)
        {
            for (var i = 0; i < instruments; i++)
            {
                Move(i, new UnixNanos(time + i), reach: 25);
            }

            await SubmitAsync();
        }
    }

    /// <summary>What goes wrong in a market: prices that cannot be, sizes of nothing, duplicates, and sequence numbers that never come.</summary>
    public Task AddTroubleAsync()
    {
        for (var i = 0; i < Math.Min(8, _symbols.Length); i++)
        {
            _encoder.Add(Trade(i, -TickRaw * (i + 1), Now()));
            _encoder.Add(Trade(i, _prices[i] * TickRaw, Now()) with { F1 = 0 });
            _encoder.Add(Trade(i, _prices[i] * TickRaw, new UnixNanos(Now().Value + (60 * UnixNanos.PerSecond))));
            foreach (var number in new ulong[] { 1, 2, 2, 5, 9 })
            {
                _encoder.Add(Trade(i, _prices[i] * TickRaw, Now()) with { Source = new SourceId(2), Session = (uint)(20240301 + i), Sequence = number });
            }
        }

        return SubmitAsync();
    }

    /// <summary>Moves instruments, the first ones most often.</summary>
    public Task StepAsync()
    {
        for (var i = 0; i < EventsPerStep / 2; i++)
        {
            var share = _random.NextDouble();
            Move((int)(share * share * _symbols.Length), Now(), reach: 2);
        }

        return SubmitAsync();
    }

    public ValueTask DisposeAsync() => _feed.DisposeAsync();

    void IFeedListener.Acknowledged(in Acknowledgement acknowledgement)
    {
        if (acknowledgement.Batch >= _batch)
        {
            _acknowledged.TrySetResult();
        }
    }

    void IFeedListener.Closed(GridException reason) => _acknowledged.TrySetException(reason);

    private static UnixNanos Now() => UnixNanos.From(TimeProvider.System.GetUtcNow());

    private void Move(int index, UnixNanos time, int reach)
    {
        _prices[index] = Math.Max(100, _prices[index] + _random.Next(-reach, reach + 1));
        var price = _prices[index] * TickRaw;
        _encoder.Add(Trade(index, price, time));
        _encoder.Add(Event(index, EventKind.Quote, time) with
        {
            Flags = EventFlags.BidSet | EventFlags.AskSet,
            F0 = price - TickRaw,
            F1 = _random.Next(1, 40) * 100 * Quantity.One,
            F2 = price + TickRaw,
            F3 = _random.Next(1, 40) * 100 * Quantity.One,
        });
    }

    private MarketEvent Trade(int index, long priceRaw, UnixNanos time) =>
        Event(index, EventKind.Trade, time) with { F0 = priceRaw, F1 = _random.Next(1, 20) * 100 * Quantity.One };

    private MarketEvent Event(int index, EventKind kind, UnixNanos time) => new()
    {
        Kind = kind,
        Source = new SourceId(1),
        Venue = new VenueId(1),
        Channel = new ChannelId(1),
        Instrument = new InstrumentId((uint)index + 1),
        Sequence = ++_sequence,
        EventTime = time,
    };

    private async Task SubmitAsync()
    {
        if (_encoder.Count == 0)
        {
            return;
        }

        _acknowledged = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var payload = _encoder.Finish().ToArray();
        _encoder.Clear();
        await _feed.SubmitAsync(++_batch, payload, CancellationToken.None);
        await _acknowledged.Task;
    }
}
