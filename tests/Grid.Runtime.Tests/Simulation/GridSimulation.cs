using Grid.Runtime.Recovery;
using Grid.Storage;
using Grid.Storage.Journal;
using Grid.Testing;

namespace Grid.Runtime.Tests.Simulation;

/// <summary>
/// Several lives of one data folder, all on one thread and all following from a seed: producers that send, retry, misuse
/// numbers and start anew; a disk that tears, loses and refuses; power that fails at chosen points.
/// </summary>
internal sealed class GridSimulation
{
    private const int LivesMax = 5;
    private static readonly CrashPoint[] RollPoints = [CrashPoint.DuringSegmentRoll, CrashPoint.AfterSegmentRoll];
    private const int StepsMax = 160;

    private readonly Random _random;
    private readonly FaultyDisk _disk;
    private readonly ManualTime _time = new(RandomMarket.ReceivedAt);
    private readonly RandomMarket _market;
    private readonly BatchLedger _ledger = new();
    private readonly List<SimulatedProducer> _producers = [];
    private readonly SimulationOracle _oracle;
    private readonly CrashWatch _watch;

    // Only a bulky market fills segments.
    private readonly bool _isBulky;

    private DataFolder? _data;
    private SteppedGrid? _grid;
    private bool _mayFail;

    // What the last life left behind if nothing of it can be lost.
    private (string Market, string Full)? _hashBefore;

    public GridSimulation(int seed)
    {
        _random = new Random(seed);
        _disk = new FaultyDisk(seed);
        Plan = new CrashPlan(_disk);
        _watch = new CrashWatch(Plan, () => _grid is { IsFlushingForAcknowledgement: true });
        _isBulky = _random.Next(8) == 0;
        _market = new RandomMarket(seed, eventsPerSource: 24, extraDefinitions: _isBulky ? 300 : 0);
        _oracle = new SimulationOracle(_market, _ledger, _producers);
        AddProducer("left", AckLevel.Journaled, MarketSource.Exchange, MarketSource.Reference);
        AddProducer("right", AckLevel.Journaled, MarketSource.Exchange, MarketSource.Venue);
        AddProducer("desk", AckLevel.Journaled, MarketSource.Dealer);
        AddProducer("printer", _random.Next(2) == 0 ? AckLevel.Received : AckLevel.Journaled, MarketSource.Tape, MarketSource.Echo);
    }

    public CrashPlan Plan { get; }

    /// <summary>What happened, for whoever has to find out why it went wrong.</summary>
    public List<string> Diary { get; } = [];

    public void Run()
    {
        for (var life = 0; life < LivesMax && !_producers.TrueForAll(p => p.HasAllSent); life++)
        {
            PlanFault();
            Live(StepsMax);
            End(powerFails: Plan.IsPowerOff || _random.Next(3) > 0);
        }

        FinishWithoutTrouble();
    }

    // Lines in another order than they were made, and some twice where their sources tell.
    private void AddProducer(string name, AckLevel ack, params int[] sources)
    {
        var tells = sources[0] is MarketSource.Exchange;
        var lines = sources.SelectMany(_market.Of).OrderBy(l => l.Event.EventTime.Value).ToList();
        for (var repeats = tells ? _random.Next(8) : 0; repeats > 0; repeats--)
        {
            lines.Insert(_random.Next(lines.Count + 1), lines[_random.Next(lines.Count)]);
        }

        var reach = _random.Next(3) switch { 0 => 1, 1 => 6, _ => lines.Count };
        var sent = lines.Select((line, i) => (line, At: i + _random.Next(reach))).OrderBy(l => l.At).Select(l => l.line);
        _producers.Add(new SimulatedProducer(name, ack, _market.Names, sent, tells, _isBulky ? 120 : 8, _random, _ledger));
    }

    private void PlanFault()
    {
        _mayFail = true;
        switch (_random.Next(12))
        {
            case < 7:
                var points = _isBulky && _random.Next(2) == 0 ? RollPoints : Enum.GetValues<CrashPoint>();
                Plan.Choose(points[_random.Next(points.Length)], 1 + (_random.Next(3) * _random.Next(4)));
                break;
            case 7:
                _disk.FailPowerAfter(_random.Next(1, 150));
                break;
            case 8:
                _disk.FailFlush(_random.Next(1, 30));
                break;
            case 9:
                _disk.FailWrite(_random.Next(1, 60));
                break;
            case 10:
                _disk.BytesMax = _random.Next(50_000, 800_000);
                break;
            default:
                _mayFail = false;
                break;
        }
    }

    private void Live(int stepsMax)
    {
        try
        {
            Open();
            for (var step = _random.Next(stepsMax); step > 0 && !Plan.IsPowerOff; step--)
            {
                Step();
            }

            if (!_mayFail && _random.Next(2) == 0)
            {
                _grid!.Drain();
                NoteWhatIsSafe();
            }
        }
        catch (PowerLossException e)
        {
            // Whoever was running is gone.
            Diary.Add(e.Message);
        }
        catch (GridStorageException e) when (_mayFail)
        {
            // The fault struck; a grid whose journal failed stops.
            Diary.Add(e.Message);
        }
    }

    private void Open()
    {
        _watch.IsRecovering = true;
        var options = new EmbeddedGridOptions
        {
            BatchesInFlightMax = SteppedGrid.BatchesMax,
            DataFolder = "/disk",
            Shards = 1 << _random.Next(3),
            OwedBytesMax = 0,
            Rules = RandomMarket.Rules,
            Journal = new JournalOptions { SegmentBytesMax = JournalOptions.SegmentBytesMaxLowest, BufferBytes = JournalOptions.BufferBytesLowest },
        };
        _data = new DataFolder(new WatchedDirectory(_disk.Root, "", _watch.Note), null);
        var recovered = GridRecovery.Open(_data, options, _time, new MemoryHistoryStores());
        _watch.IsRecovering = false;
        if (_hashBefore is { } before)
        {
            Assert.Equal(before, StateHash.Of(recovered.Image));
            _hashBefore = null;
        }

        _oracle.CheckRecovered(_data, recovered, options, alsoReplays: _random.Next(4) == 0);
        Diary.Add($"found {recovered.Report}; journal through {recovered.Journal.LastLsn}");
        _grid = new SteppedGrid(recovered, options, _time, Plan, _oracle.Decide);
    }

    private void Step()
    {
        var grid = _grid!;
        switch (_random.Next(100))
        {
            case < 30:
                _producers[_random.Next(_producers.Count)].Act(grid);
                break;
            case < 52:
                grid.StepSequencer(flushAtOnce: _random.Next(5) == 0);
                break;
            case < 76:
                grid.StepShard(_random.Next(grid.Shards));
                break;
            case < 79:
                grid.Flush();
                break;
            case < 86:
                grid.StepFlush();
                break;
            case < 91:
                grid.ContinueSweep(_random.Next(grid.Shards));
                break;
            case < 94:
                grid.BeginSnapshot();
                break;
            case < 98:
                grid.PublishSnapshot();
                break;
            default:
                grid.Drain();
                break;
        }
    }

    private void End(bool powerFails)
    {
        Diary.Add($"ends {(powerFails ? "with a power failure" : "")}; snapshot {_grid?.SnapshotLsn}; {string.Join("; ", _producers)}");
        _grid?.Dispose();
        _grid = null;
        _producers.ForEach(p => p.LoseConnection());
        _disk.BytesMax = long.MaxValue;
        Plan.Clear();
        if (powerFails)
        {
            _disk.Crash();
        }
        else
        {
            _disk.Restart();
        }
    }

    // To the end, and a little beyond: what was sent and applied must be there in the next life too.
    private void FinishWithoutTrouble()
    {
        _mayFail = false;
        Open();
        while (!_producers.TrueForAll(p => p.HasAllSent))
        {
            foreach (var producer in _producers)
            {
                producer.GoOn(_grid!);
            }

            _grid!.Drain();
        }

        _producers.ForEach(p => p.CheckThatAllIsAcknowledged());
        _oracle.CheckMarket(_grid!.Image);
        if (_random.Next(2) == 0)
        {
            _grid.BeginSnapshot();
            _grid.Drain();
        }

        NoteWhatIsSafe();
        End(powerFails: _random.Next(2) == 0);
        Open();
        _oracle.CheckMarket(_grid.Image);
        End(powerFails: false);
    }

    private void NoteWhatIsSafe()
    {
        Assert.True(_grid!.IsIdle);
        _hashBefore = StateHash.Of(_grid.Image);
    }
}
