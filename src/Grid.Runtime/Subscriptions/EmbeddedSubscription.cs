using System.Text;
using Grid.Domain;
using Grid.Domain.Cusips;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Runtime.Queries;

namespace Grid.Runtime.Subscriptions;

/// <summary>A subscription to the embedded grid: what it follows, and which of that changed since it was read.</summary>
internal sealed class EmbeddedSubscription : IGridSubscription
{
    private readonly SubscriptionHub _hub;
    private readonly EventOrder _order;
    private readonly Action _wake;
    private readonly byte[][] _patterns;
    private readonly HashSet<string> _symbols;

    // By the instrument's number. Written under the hub's registry.
    private readonly Dictionary<InstrumentId, Followed> _followed = [];
    private readonly List<Followed> _cusips = [];

    // Under _gate: what changed, each at most once, and why it was closed.
    private readonly Lock _gate = new();
    private List<Followed> _pending = [];
    private GridException? _closed;

    // Of the reader: what it is reading now, from _next on.
    private List<Followed> _reading = [];
    private int _next;

    public EmbeddedSubscription(SubscriptionHub hub, SubscriptionRequest request, EventOrder order, Action wake)
    {
        _hub = hub;
        _order = order;
        _wake = wake;
        Request = request;
        _patterns = [.. request.Patterns.Select(Encoding.UTF8.GetBytes)];
        _symbols = [.. request.Instruments];
    }

    /// <inheritdoc/>
    public SubscriptionAnswer Answer { get; private set; } = new(0, [], []);

    public SubscriptionRequest Request { get; }

    /// <summary>Instruments that are followed.</summary>
    public int Count => _followed.Count;

    /// <summary>All that is followed.</summary>
    public IEnumerable<Followed> All => _followed.Values.Concat(_cusips);

    /// <summary>The newest input that may have been applied.</summary>
    public ulong NewestFrame => _hub.Flushed.Newest;

    /// <summary>Reused by whatever is read.</summary>
    public List<BarAccumulator> BarRecords { get; } = [];

    /// <inheritdoc/>
    public bool Read(ISubscriptionSink sink)
    {
        while (!sink.IsFull)
        {
            if (!TryNext(out var followed))
            {
                return false;
            }

            if (!followed.Read(sink))
            {
                // The sink is full in the middle of it; the others have their turn first.
                Changed(followed);
            }
        }

        lock (_gate)
        {
            return _next < _reading.Count || _pending.Count > 0;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _hub.Remove(this);

    /// <summary>True if the request names the symbol or has a pattern that it fits.</summary>
    public bool Wants(ReadOnlySpan<byte> symbol)
    {
        foreach (var pattern in _patterns)
        {
            if (SymbolPattern.Matches(pattern, symbol))
            {
                return true;
            }
        }

        return _symbols.Count > 0 && _symbols.Contains(Encoding.ASCII.GetString(symbol));
    }

    public bool IsFollowing(InstrumentId instrument) => _followed.ContainsKey(instrument);

    /// <summary>True if an instrument goes on after the tick that the request says.</summary>
    public bool CanGoOn(InstrumentId instrument) => _followed.TryGetValue(instrument, out var followed) && followed.IsResumed;

    public void SetAnswer(SubscriptionAnswer answer) => Answer = answer;

    public void Add(Followed followed)
    {
        if (followed.Watch.State is { } state)
        {
            _followed[state.Id] = followed;
        }
        else
        {
            _cusips.Add(followed);
        }
    }

    /// <summary>Something is to be read.</summary>
    public void Changed(Followed followed)
    {
        lock (_gate)
        {
            if (followed.IsPending)
            {
                return;
            }

            followed.IsPending = true;
            _pending.Add(followed);
            if (_pending.Count > 1)
            {
                return;
            }
        }

        _wake();
    }

    /// <summary>Some things are to be read.</summary>
    public void Changed(List<Followed> followed)
    {
        foreach (var one in followed)
        {
            Changed(one);
        }
    }

    /// <summary>The grid ends it; the reader is told why.</summary>
    public void Close(GridException reason)
    {
        lock (_gate)
        {
            _closed ??= reason;
        }

        _wake();
    }

    public void ThrowIfSlowIsClosed(InstrumentId instrument, ulong behind)
    {
        if (Request.Slow == SlowConsumer.Close)
        {
            Close(new GridException(GridErrorCode.TooSlow, $"the subscriber is {behind} ticks behind instrument {_hub.Names.Symbol(instrument)}; {Request.TicksBehindMax} are allowed"));
            throw _closed!;
        }
    }

    public ulong ReadMarket(Cusip cusip, out CusipMarket market) => _hub.Cusips.Read(cusip, out market);

    /// <summary>A closed minute as the history has it now; one whose trades were all cancelled has none.</summary>
    public Bar ClosedMinute(InstrumentHistory history, UnixNanos start)
    {
        var end = new UnixNanos(start.Value + UnixNanos.PerMinute);
        var trades = new List<BarAccumulator>();
        var marks = new List<QuoteMark>();
        history.ReadBars(start, end, trades);
        history.ReadMarks(end, marks);
        var bars = BarFold.ToBars(trades, marks, [], UnixNanos.PerMinute, start, end, limit: 1, _order);
        return bars.Count > 0 ? bars[0] : new Bar { Start = start };
    }

    private bool TryNext(out Followed followed)
    {
        lock (_gate)
        {
            if (_closed is not null)
            {
                throw new GridException(_closed.Code, _closed.Message, _closed);
            }

            if (_next == _reading.Count)
            {
                _reading.Clear();
                _next = 0;
                (_reading, _pending) = (_pending, _reading);
                if (_reading.Count == 0)
                {
                    followed = null!;
                    return false;
                }
            }

            followed = _reading[_next++];
            followed.IsPending = false;
            return true;
        }
    }
}
