using System.Threading.Channels;
using Grid.Domain.Cusips;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;

namespace Grid.Runtime.Tests.Subscriptions;

/// <summary>One thing that a subscriber was told: <c>snapshot</c>, <c>latest</c>, <c>tick</c>, <c>bar</c>, <c>closed bar</c>, <c>market</c> or <c>dropped</c>.</summary>
internal sealed record Told(string What, string Symbol, ulong Version, ulong Frame)
{
    public MarketEvent Event { get; init; }

    public Latest Latest { get; init; }

    public Bar Bar { get; init; }

    public CusipMarket Market { get; init; }

    public ulong Count { get; init; }
}

/// <summary>Subscribes, and remembers all that it is told.</summary>
internal sealed class Subscriber : ISubscriptionSink, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly IGrid _grid;
    private readonly IGridSubscription _subscription;

    // One wake is as good as many.
    private readonly Channel<bool> _wakes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private int _left;

    public Subscriber(IGrid grid, SubscriptionRequest request)
    {
        _grid = grid;
        _subscription = grid.Subscribe(request, () => _wakes.Writer.TryWrite(true));
    }

    public SubscriptionAnswer Answer => _subscription.Answer;

    /// <summary>All updates, in order.</summary>
    public List<Told> Told { get; } = [];

    /// <summary>Updates taken in one reading.</summary>
    public int UpdatesAtOnce { get; init; } = int.MaxValue;

    public bool IsFull => _left <= 0;

    /// <summary>Reads what there is now.</summary>
    public void ReadAll()
    {
        do
        {
            _left = UpdatesAtOnce;
        }
        while (_subscription.Read(this));
    }

    /// <summary>Reads until something is so.</summary>
    public async Task UntilAsync(Func<List<Told>, bool> isSo)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        while (true)
        {
            ReadAll();
            if (isSo(Told))
            {
                return;
            }

            await _wakes.Reader.ReadAsync(patience.Token);
        }
    }

    /// <summary>Reads until an update has come, and gives it.</summary>
    public async Task<Told> UntilAsync(string what, ulong version)
    {
        await UntilAsync(told => told.Exists(t => t.What == what && t.Version >= version));
        return Told.First(t => t.What == what && t.Version >= version);
    }

    public void Dispose() => _subscription.Dispose();

    void ISubscriptionSink.Latest(in Latest latest, UpdatePosition at, bool isSnapshot) =>
        Add(new Told(isSnapshot ? "snapshot" : "latest", _grid.Names.Symbol(latest.Instrument), at.Version, at.Frame) { Latest = latest });

    void ISubscriptionSink.Tick(in MarketEvent e, Outcome outcome, UpdatePosition at) =>
        Add(new Told("tick", _grid.Names.Symbol(e.Instrument), at.Version, at.Frame) { Event = e });

    void ISubscriptionSink.Bar(InstrumentId instrument, in Bar bar, bool isClosed, UpdatePosition at) =>
        Add(new Told(isClosed ? "closed bar" : "bar", _grid.Names.Symbol(instrument), at.Version, at.Frame) { Bar = bar });

    void ISubscriptionSink.Market(Cusip cusip, in CusipMarket market, UpdatePosition at) =>
        Add(new Told("market", cusip.ToString(), at.Version, at.Frame) { Market = market });

    void ISubscriptionSink.Dropped(InstrumentId instrument, ulong ticks, UpdatePosition at) =>
        Add(new Told("dropped", _grid.Names.Symbol(instrument), at.Version, at.Frame) { Count = ticks });

    private void Add(Told told)
    {
        Told.Add(told);
        _left--;
    }

    /// <summary>Counts updates until it is full.</summary>
    internal sealed class Counter(int updatesMax) : ISubscriptionSink
    {
        public int Updates { get; private set; }

        // One more than wanted would show.
        public bool IsFull => Updates > updatesMax;

        public void Latest(in Latest latest, UpdatePosition at, bool isSnapshot) => Updates++;

        public void Tick(in MarketEvent e, Outcome outcome, UpdatePosition at) => Updates++;

        public void Bar(InstrumentId instrument, in Bar bar, bool isClosed, UpdatePosition at) => Updates++;

        public void Market(Cusip cusip, in CusipMarket market, UpdatePosition at) => Updates++;

        public void Dropped(InstrumentId instrument, ulong ticks, UpdatePosition at) => Updates++;
    }
}
