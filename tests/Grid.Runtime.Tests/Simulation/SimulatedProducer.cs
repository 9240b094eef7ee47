using Grid.Domain;
using Grid.Runtime.Feeds;
using Grid.Testing;

namespace Grid.Runtime.Tests.Simulation;

/// <summary>
/// A feeding client that keeps the rules of the feed: it resends what is not known to be durable, in order, with the same
/// bytes. Now and then it sends again what it need not, or what it must not.
/// </summary>
internal sealed class SimulatedProducer
{
    private const int RetriesReachBack = 5;

    private readonly MarketNames _names;
    private readonly Random _random;
    private readonly BatchLedger _ledger;
    private readonly AckLevel _ack;
    private readonly bool _toleratesRepeats;
    private readonly int _batchLinesMax;
    private readonly LinkedList<MarketLine> _unsent;
    private readonly List<MarketLine> _everSent = [];

    // Of the epoch. Batch n is _batches[n - 1].
    private readonly List<(byte[] Payload, MarketLine[] Lines)> _batches = [];
    private ProducerDictionary _dictionary;
    private ulong _acknowledged;

    // Of the connection.
    private EmbeddedFeed? _feed;
    private SimulatedListener? _listener;
    private int[] _announced = new int[4];
    private ulong _next = 1;

    /// <summary>A producer that will send these events in this order.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="ack">What it waits for.</param>
    /// <param name="names">The market's names.</param>
    /// <param name="lines">What it has to send.</param>
    /// <param name="toleratesRepeats">True if events may be sent again in other batches: their sources tell repeats.</param>
    /// <param name="batchLinesMax">Most events of a batch.</param>
    /// <param name="random">Its will.</param>
    /// <param name="ledger">Where it notes what it sent and was told.</param>
    public SimulatedProducer(
        string name, AckLevel ack, MarketNames names, IEnumerable<MarketLine> lines, bool toleratesRepeats, int batchLinesMax, Random random, BatchLedger ledger)
    {
        Name = name;
        _ack = ack;
        _names = names;
        _random = random;
        _ledger = ledger;
        _toleratesRepeats = toleratesRepeats;
        _batchLinesMax = batchLinesMax;
        _unsent = new LinkedList<MarketLine>(lines);
        _dictionary = new ProducerDictionary(names, random);
    }

    public string Name { get; }

    public ulong Epoch { get; private set; } = 1;

    /// <summary>Highest batch of the epoch that it was told is durable.</summary>
    public ulong Acknowledged => _ack == AckLevel.Received ? 0 : _acknowledged;

    /// <summary>Batches of the epoch made so far.</summary>
    public ulong Made => (ulong)_batches.Count;

    /// <summary>True if nothing is left to send that is not on its way or acknowledged.</summary>
    public bool HasAllSent => _unsent.Count == 0 && _next > Made;

    /// <inheritdoc/>
    public override string ToString() => $"{Name} in epoch {Epoch} made {Made}, acknowledged {Acknowledged}";

    /// <summary>The grid is gone, and with it perhaps all that was not acknowledged.</summary>
    public void LoseConnection()
    {
        _feed = null;
        _listener = null;
        _next = Acknowledged + 1;
    }

    /// <summary>Does something, if there is room for a batch.</summary>
    public void Act(SteppedGrid grid)
    {
        if (_feed is null || _random.Next(16) == 0)
        {
            Connect(grid, anew: _random.Next(3) == 0);
            return;
        }

        if (!grid.HasRoom)
        {
            return;
        }

        switch (_random.Next(20))
        {
            case 0 when _next > 1:
                Reuse(grid);
                break;
            case 1:
                Skip(grid);
                break;
            case 2 or 3 when _next > 1:
                Submit(grid, _next - 1 - (ulong)_random.NextInt64(Math.Min(RetriesReachBack, (long)_next - 1)));
                break;
            case 4 when _random.Next(4) == 0:
                Disconnect();
                break;
            default:
                SubmitNext(grid);
                break;
        }
    }

    /// <summary>Connects if it is not, and sends the next batch if there is one and room for it.</summary>
    public void GoOn(SteppedGrid grid)
    {
        if (_feed is null)
        {
            Connect(grid, anew: false);
        }
        else if (grid.HasRoom)
        {
            SubmitNext(grid);
        }
    }

    private void Connect(SteppedGrid grid, bool anew)
    {
        var knowsAll = _ack != AckLevel.Received && _acknowledged == Made;
        if (anew && (_toleratesRepeats || knowsAll))
        {
            BeginEpoch();
        }

        _listener = new SimulatedListener(this, Epoch, _ack, _ledger);
        _announced = new int[4];
        _feed = grid.Intake.Open(new FeedHello(Name, Epoch, _ack), _listener);
        Assert.True(_feed.LastDurableBatch >= Acknowledged, $"{Name} was told of batch {Acknowledged}, but resumes after {_feed.LastDurableBatch}");
        Assert.True(_feed.LastDurableBatch <= Made, $"{Name} made {Made} batches, but the grid has {_feed.LastDurableBatch}");

        // What the grid says is durable is promised as much as what it acknowledges.
        _acknowledged = _ack == AckLevel.Received ? _acknowledged : Math.Max(_acknowledged, _feed.LastDurableBatch);
        _next = _feed.LastDurableBatch + 1;
    }

    private void Disconnect()
    {
        _feed!.DisposeAsync().AsTask().GetAwaiter().GetResult();
        LoseConnection();
    }

    // What is not known to be applied is sent again in other batches, and a little of what is.
    private void BeginEpoch()
    {
        if (_toleratesRepeats)
        {
            foreach (var line in _batches.Skip((int)_acknowledged).SelectMany(b => b.Lines).Reverse())
            {
                _unsent.AddFirst(line);
            }

            for (var repeats = Math.Min(_everSent.Count, _random.Next(4)); repeats > 0; repeats--)
            {
                _unsent.AddFirst(_everSent[_random.Next(_everSent.Count)]);
            }
        }

        Epoch++;
        _batches.Clear();
        _acknowledged = 0;
        _dictionary = new ProducerDictionary(_names, _random);
    }

    private void SubmitNext(SteppedGrid grid)
    {
        if (_next > Made && _unsent.Count > 0)
        {
            Make();
        }

        if (_next <= Made)
        {
            Submit(grid, _next);
            _next++;
        }
    }

    private void Make()
    {
        var lines = new List<MarketLine>();
        for (var left = _random.Next(1, _batchLinesMax + 1); left > 0 && _unsent.First is { } first; left--)
        {
            lines.Add(first.Value);
            _unsent.RemoveFirst();
        }

        _everSent.AddRange(lines);
        _batches.Add((_dictionary.Encode(lines), [.. lines]));
        _ledger.Sent.Add(new BatchKey(Name, Epoch, Made), _batches[^1].Payload);
    }

    private void Submit(SteppedGrid grid, ulong number)
    {
        var (payload, lines) = _batches[(int)number - 1];
        Announce(grid, lines);
        _listener!.Submitted(number, lines.Length, isRetry: number <= grid.Image.Producers.Get(Name).LastBatch);
        Wait(_feed!.SubmitAsync(number, payload, CancellationToken.None));
    }

    private void Reuse(SteppedGrid grid)
    {
        var number = _next - 1;
        var (payload, lines) = _batches[(int)number - 1];
        var other = _dictionary.Encode([lines[0] with { Event = lines[0].Event with { F2 = 77 } }]);
        if (!payload.AsSpan().SequenceEqual(other))
        {
            Refused(GridErrorCode.BatchNumberReused, () => Wait(_feed!.SubmitAsync(number, other, CancellationToken.None)));
        }
    }

    private void Skip(SteppedGrid grid)
    {
        if (_batches.Count > 0)
        {
            var (payload, lines) = _batches[0];
            Announce(grid, lines);
            var last = grid.Image.Producers.Get(Name).LastBatch;
            Refused(GridErrorCode.BatchNumberSkipped, () => Wait(_feed!.SubmitAsync(last + 2, payload, CancellationToken.None)));
        }
    }

    private void Announce(SteppedGrid grid, MarketLine[] lines)
    {
        foreach (var source in _dictionary.Announce(_feed!, _announced, _dictionary.Needed(lines)))
        {
            var declared = _feed!.DeclareSourceAsync(_names.Declarations[source], CancellationToken.None).AsTask();
            if (!declared.IsCompleted)
            {
                // It waits behind what is queued for the sequencer now.
                for (var queued = grid.QueuedForSequencer; queued > 0; queued--)
                {
                    grid.StepSequencer(flushAtOnce: false);
                }
            }

            declared.GetAwaiter().GetResult();
        }
    }

    private static void Wait(ValueTask submitted) => submitted.AsTask().GetAwaiter().GetResult();

    private static void Refused(GridErrorCode code, Action action) => Assert.Equal(code, Assert.Throws<GridException>(action).Code);

    /// <summary>Nobody is left waiting once the grid has nothing more to do.</summary>
    public void CheckThatAllIsAcknowledged() => Assert.Equal(Made, _acknowledged);

    /// <summary>Batches up to a number of an epoch are acknowledged.</summary>
    internal void NoteAcknowledged(ulong epoch, ulong batch)
    {
        if (epoch == Epoch)
        {
            _acknowledged = Math.Max(_acknowledged, batch);
        }
    }
}
