using System.Runtime.InteropServices;
using Grid.Domain;
using Grid.Domain.Cusips;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Runtime.Shards;

namespace Grid.Runtime.Subscriptions;

/// <summary>
/// Connects shards and subscriptions: shards say once per batch what changed, a thread of its own passes that on to all who
/// follow it. A shard's cost is the same for one subscriber and for ten thousand.
/// </summary>
internal sealed class SubscriptionHub(GridNames names, InstrumentTable instruments, CusipBook cusips) : IDisposable
{
    // Instruments that are attached before the gate is free for others.
    private const int AttachedAtOnce = 1024;

    // Between shards and the thread: what changed and was not passed on yet, each watch at most once.
    private readonly Lock _gate = new();
    private readonly AutoResetEvent _wake = new(false);
    private List<Watch> _changed = [];
    private List<InstrumentState> _added = [];
    private long _round = 1;

    // Who is subscribed, of these who has patterns, and who named a symbol. Under _registry, which is never taken inside _gate.
    private readonly Lock _registry = new();
    private readonly HashSet<EmbeddedSubscription> _subscriptions = [];
    private readonly HashSet<EmbeddedSubscription> _patterned = [];
    private readonly Dictionary<Cusip, Watch> _cusipWatches = [];
    private readonly Dictionary<string, HashSet<EmbeddedSubscription>> _naming = [];
    private Thread? _thread;
    private GridException? _reason;
    private int _followed;
    private volatile bool _wantsNew;

    /// <summary>True if instruments that have no state yet are subscribed to.</summary>
    public bool WantsNewInstruments => _wantsNew;

    public GridNames Names => names;

    public CusipBook Cusips => cusips;

    /// <summary>Which inputs are durable.</summary>
    public FlushedPosition Flushed { get; } = new();

    /// <summary>Instruments and CUSIPs of all subscriptions together.</summary>
    public int FollowedCount => Volatile.Read(ref _followed);

    /// <summary>Takes what a shard changed. Of the shard's thread: never waits but for a few swaps of lists.</summary>
    public void Publish(List<StateWatch> changed, List<InstrumentState> added)
    {
        lock (_gate)
        {
            foreach (var noted in changed)
            {
                var watch = (Watch)noted;
                if (watch.PublishedIn != _round)
                {
                    watch.PublishedIn = _round;
                    _changed.Add(watch);
                }
            }

            _added.AddRange(added);
        }

        _wake.Set();
    }

    /// <summary>Subscribes. The wake is called from the grid's threads and must not block.</summary>
    /// <exception cref="GridException">BadName, BadArgument, TooLarge, Stopping.</exception>
    public EmbeddedSubscription Subscribe(SubscriptionRequest request, EventOrder order, Action wake)
    {
        var subscription = new EmbeddedSubscription(this, request, order, wake);
        try
        {
            Register(subscription, request);
            foreach (var part in Matching(subscription, request).Chunk(AttachedAtOnce))
            {
                Follow(subscription, part);
            }

            Follow(subscription, request.Cusips);
            lock (_registry)
            {
                subscription.SetAnswer(AnswerTo(subscription, request));
            }

            return subscription;
        }
        catch
        {
            subscription.Dispose();
            throw;
        }
    }

    /// <summary>Ends a subscription.</summary>
    public void Remove(EmbeddedSubscription subscription)
    {
        lock (_registry)
        {
            if (!_subscriptions.Remove(subscription))
            {
                return;
            }

            _patterned.Remove(subscription);
            foreach (var symbol in subscription.Request.Instruments)
            {
                if (_naming.TryGetValue(symbol, out var naming) && naming.Remove(subscription) && naming.Count == 0)
                {
                    _naming.Remove(symbol);
                }
            }

            foreach (var followed in subscription.All)
            {
                Detach(followed);
            }

            SetWantsNew();
        }
    }

    /// <summary>Closes all subscriptions, refuses new ones and ends the thread.</summary>
    public void Stop(GridException reason)
    {
        EmbeddedSubscription[] open;
        lock (_registry)
        {
            // Whoever comes second closes nothing, but may rely on the end of the thread as well.
            open = _reason is null ? [.. _subscriptions] : [];
            _reason ??= reason;
        }

        foreach (var subscription in open)
        {
            subscription.Close(reason);
        }

        _wake.Set();
        _thread?.Join();
    }

    public void Dispose() => _wake.Dispose();

    private void Register(EmbeddedSubscription subscription, SubscriptionRequest request)
    {
        lock (_registry)
        {
            if (_reason is not null)
            {
                throw new GridException(_reason.Code, $"{_reason.Message}; it takes no more subscriptions");
            }

            if (_thread is null)
            {
                _thread = new Thread(Run) { Name = "grid-subscriptions", IsBackground = true };
                _thread.Start();
            }

            _subscriptions.Add(subscription);
            if (request.Patterns.Count > 0)
            {
                _patterned.Add(subscription);
            }

            foreach (var symbol in request.Instruments)
            {
                if (!_naming.TryGetValue(symbol, out var naming))
                {
                    _naming[symbol] = naming = [];
                }

                naming.Add(subscription);
            }

            SetWantsNew();
        }

        // From here on a shard that makes a state either says so, or made it before and it is found below.
        Interlocked.MemoryBarrierProcessWide();
    }

    // Under _registry.
    private void SetWantsNew() => _wantsNew = _naming.Count > 0 || _patterned.Count > 0;

    private IEnumerable<InstrumentState> Matching(EmbeddedSubscription subscription, SubscriptionRequest request) =>
        request.Patterns.Count > 0
            ? instruments.All().Where(s => subscription.Wants(names.Instruments[(int)s.Id.Value]))
            : request.Instruments.Select(StateOf).OfType<InstrumentState>();

    private InstrumentState? StateOf(string symbol)
    {
        var index = names.Instruments.Find(symbol);
        return index > 0 ? instruments[new InstrumentId((uint)index)] : null;
    }

    private void Follow(EmbeddedSubscription subscription, ReadOnlySpan<InstrumentState> states)
    {
        var followed = new List<Followed>(states.Length);
        lock (_registry)
        {
            foreach (var state in states)
            {
                // It may have ended, or found the instrument by itself.
                if (_subscriptions.Contains(subscription) && !subscription.IsFollowing(state.Id))
                {
                    followed.Add(Attach(subscription, state));
                }
            }
        }

        // A shard that applied something and did not see the watch applied it before this line: what is read below has it.
        Interlocked.MemoryBarrierProcessWide();
        subscription.Changed(followed);
    }

    private void Follow(EmbeddedSubscription subscription, IReadOnlyCollection<Cusip> wanted)
    {
        var followed = new List<Followed>(wanted.Count);
        lock (_registry)
        {
            foreach (var cusip in wanted.Distinct())
            {
                if (!_cusipWatches.TryGetValue(cusip, out var watch))
                {
                    _cusipWatches[cusip] = watch = new Watch(cusip);
                    cusips.SetWatch(cusip, watch);
                }

                followed.Add(Attach(subscription, watch, Followed.Of(subscription, watch)));
            }
        }

        subscription.Changed(followed);
    }

    // Under _registry.
    private Followed Attach(EmbeddedSubscription subscription, InstrumentState state)
    {
        var watch = state.Watch as Watch ?? new Watch(state);
        var followed = Attach(subscription, watch, Followed.Of(subscription, watch, names.Symbol(state.Id)));
        state.Watch = watch;
        return followed;
    }

    private Followed Attach(EmbeddedSubscription subscription, Watch watch, Followed followed)
    {
        if (_followed >= SubscriptionLimits.FollowedMax)
        {
            throw new GridException(
                GridErrorCode.TooLarge, $"all subscriptions together follow {SubscriptionLimits.FollowedMax} instruments, which is the limit ({nameof(SubscriptionLimits.FollowedMax)})");
        }

        _followed++;
        watch.Add(followed);
        subscription.Add(followed);
        return followed;
    }

    // Under _registry.
    private void Detach(Followed followed)
    {
        var watch = followed.Watch;
        watch.Remove(followed);
        _followed--;
        if (watch.Followers.Count > 0)
        {
            return;
        }

        if (watch.State is { } state)
        {
            state.Watch = null;
        }
        else
        {
            _cusipWatches.Remove(watch.Cusip);
            cusips.SetWatch(watch.Cusip, null);
        }
    }

    // Under _registry.
    private SubscriptionAnswer AnswerTo(EmbeddedSubscription subscription, SubscriptionRequest request) => new(
        subscription.Count,
        [.. request.Instruments.Where(s => StateOf(s) is null)],
        [.. request.From.Keys.Where(s => StateOf(s) is not { } state || !subscription.CanGoOn(state.Id))]);

    private void Run()
    {
        List<Watch> changed = [];
        List<InstrumentState> added = [];
        while (_wake.WaitOne() && Volatile.Read(ref _reason) is null)
        {
            lock (_gate)
            {
                (changed, _changed) = (_changed, changed);
                (added, _added) = (_added, added);
                _round++;
            }

            FollowAdded(added);
            lock (_registry)
            {
                foreach (var watch in changed)
                {
                    foreach (var follower in watch.Followers)
                    {
                        follower.Owner.Changed(follower);
                    }
                }
            }

            changed.Clear();
            added.Clear();
        }
    }

    private void FollowAdded(List<InstrumentState> added)
    {
        if (added.Count == 0)
        {
            return;
        }

        foreach (var (subscription, states) in Wanted(added))
        {
            try
            {
                Follow(subscription, CollectionsMarshal.AsSpan(states));
            }
            catch (GridException full)
            {
                subscription.Close(full);
            }
        }
    }

    private Dictionary<EmbeddedSubscription, List<InstrumentState>> Wanted(List<InstrumentState> added)
    {
        var wanted = new Dictionary<EmbeddedSubscription, List<InstrumentState>>();
        lock (_registry)
        {
            foreach (var state in added)
            {
                var symbol = names.Symbol(state.Id);
                foreach (var subscription in _naming.GetValueOrDefault(symbol) ?? [])
                {
                    Add(subscription, state);
                }

                foreach (var subscription in _patterned)
                {
                    if (subscription.Wants(names.Instruments[(int)state.Id.Value]))
                    {
                        Add(subscription, state);
                    }
                }
            }
        }

        return wanted;

        void Add(EmbeddedSubscription subscription, InstrumentState state)
        {
            if (!wanted.TryGetValue(subscription, out var states))
            {
                wanted[subscription] = states = [];
            }

            states.Add(state);
        }
    }
}
