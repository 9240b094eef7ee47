using System.Collections.Immutable;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;
using Grid.Runtime.Clustering;
using Grid.Storage.Postgres.Committing;
using Grid.Testing;

namespace Grid.Runtime.Tests.Clustering;

/// <summary>An instrument of a cluster decides and knows what a shard does, through any activations in any processes.</summary>
public sealed class ClusterInstrumentTests
{
    private const int Seeds = 150;
    private static readonly IReadOnlyDictionary<int, string> Nothing = ImmutableDictionary<int, string>.Empty;

    [Fact]
    public void Slices_over_many_activations_give_the_market_of_a_single_process()
    {
        for (var seed = 0; seed < Seeds; seed++)
        {
            var market = new RandomMarket(seed, eventsPerSource: 40);
            using var plain = new PlainGrid(market.Names);
            var grains = new Dictionary<string, Grain>(StringComparer.Ordinal);
            var counts = new OutcomeCounts();
            var random = new Random(seed);
            ulong number = 0;
            foreach (var lines in market.All.Chunk(20))
            {
                plain.Apply(lines);
                number++;
                foreach (var slice in SlicesOf(market, lines, out var names))
                {
                    var symbol = names.Symbol(slice.Instrument);
                    if (!grains.TryGetValue(symbol, out var grain))
                    {
                        grains[symbol] = grain = new Grain(symbol, market);
                    }

                    grain.Send(number, slice.Events, counts);
                    grain.MoveSometimes(random);
                }
            }

            try
            {
                MarketPicture.AssertSame(
                    MarketPicture.Of(plain.Image),
                    [.. grains.OrderBy(g => g.Key, StringComparer.Ordinal).Where(g => g.Value.State.Version > 0).SelectMany(g => MarketPicture.Of(g.Value.State, g.Value.Context))]);
                Assert.Equal(plain.Image.TotalCounts().NonZero(), counts.NonZero());
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"seed {seed}: {failure.Message}", failure);
            }
        }
    }

    [Fact]
    public void A_slice_is_known_once_it_is_applied_and_after_it_is_loaded_again()
    {
        var grain = new Grain("AAPL", TestMarket.Names);
        var bytes = NamedLines.Encode(TestMarket.Names, [TestMarket.Trade(1, "14:30:00", "10")]);
        grain.Send(1, bytes, new OutcomeCounts());

        Assert.Equal(SliceState.Committed, grain.Instrument.StateOf("P", 1, 1));
        Assert.Throws<ArgumentException>(() => grain.Send(1, bytes, new OutcomeCounts()));
        grain.Move(save: false);
        Assert.Equal((SliceState.Committed, SliceState.New, SliceState.OldProducer), (grain.Instrument.StateOf("P", 1, 1), grain.Instrument.StateOf("P", 1, 2), grain.Instrument.StateOf("P", 0, 1)));
        Assert.Equal(1UL, grain.State.Version);
    }

    [Fact]
    public void An_event_that_the_database_refused_is_quarantined_with_what_it_said()
    {
        var grain = new Grain("AAPL", TestMarket.Names);
        MarketLine[] lines = [TestMarket.Trade(1, "14:30:00", "10"), TestMarket.Trade(1, "14:30:00", "10"), TestMarket.Trade(2, "14:30:01", "11"), TestMarket.Trade(3, "14:30:02", "12")];
        var counts = new OutcomeCounts();

        var decided = grain.Send(1, NamedLines.Encode(TestMarket.Names, lines), counts, new Dictionary<int, string> { [2] = "no such day" });

        Assert.Equal((2, 1), (counts[Outcome.Accepted], counts[Outcome.Duplicate]));
        Assert.Equal(1, counts[Outcome.Reject(RejectReason.NotStorable)]);
        Assert.Equal([(2UL, "no such day")], grain.Memory.Rejected.Select(r => (r.Event.Sequence, r.Message)));
        Assert.Equal(3UL, grain.State.Last.Sequence);

        // The rows are the events but for the duplicate.
        Assert.Equal([0, 2, 3], Enumerable.Range(0, 3).Select(decided.EventOf));
    }

    [Fact]
    public void What_amendments_need_is_kept_as_far_as_it_is_told_to()
    {
        var grain = new Grain("AAPL", TestMarket.Names, recentTicks: 10);
        var counts = new OutcomeCounts();
        for (ulong i = 1; i <= 100; i++)
        {
            grain.Send(i, NamedLines.Encode(TestMarket.Names, [TestMarket.Trade(i, $"14:{i / 2:00}:{i % 2 * 30:00}", "10")]), counts);
        }

        grain.Send(101, NamedLines.Encode(TestMarket.Names, [TestMarket.Cancel(1001, "15:00:00", amends: 100)]), counts);
        Assert.False(grain.State.HasPendingAmendments);
        grain.State.Read(out var latest);
        Assert.Equal((99UL, 99L), (latest.Last.Sequence, latest.Day.Count));

        grain.Send(102, NamedLines.Encode(TestMarket.Names, [TestMarket.Cancel(1002, "15:00:00", amends: 5)]), counts);
        Assert.True(grain.State.HasPendingAmendments);
    }

    [Fact]
    public void A_saved_state_of_another_version_is_refused()
    {
        var grain = new Grain("AAPL", TestMarket.Names);
        grain.Memory.Save([9]);
        Assert.Contains("version 9", Assert.Throws<FormatException>(() => grain.Move(save: false)).Message, StringComparison.Ordinal);
    }

    private static List<InstrumentSlice> SlicesOf(RandomMarket market, IEnumerable<MarketLine> lines, out GridNames names)
    {
        names = new GridNames();
        var batch = new EventBatch();
        Assert.Null(NamedEvents.Decode(NamedLines.Encode(market.Names, lines), names, UnixNanos.From(RandomMarket.ReceivedAt), batch));
        return new BatchSlicer(names).Slice(batch);
    }

    private sealed class Grain
    {
        private readonly MarketNames _names;
        private readonly RuleBook _rules;
        private readonly int _recentTicks;
        private ClusterScope _scope;

        public Grain(string symbol, RandomMarket market)
            : this(symbol, market.Names, RandomMarket.Rules, 10_000)
        {
        }

        public Grain(string symbol, MarketNames names, RuleBook? rules = null, int recentTicks = 10_000)
        {
            (_names, _rules, _recentTicks) = (names, rules ?? RuleBook.BuiltIn, recentTicks);
            Memory = new GrainMemory(symbol);
            _scope = NewProcess();
            Instrument = new ClusterInstrument(Memory.Claim(_scope.Names), _scope);
        }

        public GrainMemory Memory { get; }

        public ClusterInstrument Instrument { get; private set; }

        public InstrumentState State => Instrument.State;

        public InstrumentContext Context => _scope.Context;

        public DecidedSlice Send(ulong number, byte[] events, OutcomeCounts counts, IReadOnlyDictionary<int, string>? refused = null)
        {
            var batch = new EventBatch();
            Assert.Null(NamedEvents.Decode(events, _scope.Names, UnixNanos.From(RandomMarket.ReceivedAt), batch));
            var decided = Instrument.Apply("P", 1, number, batch, refused ?? Nothing, counts);
            Memory.Commit(decided.Slice, _scope.Names);
            return decided;
        }

        public void MoveSometimes(Random random)
        {
            if (random.Next(8) == 0)
            {
                Move(save: random.Next(2) == 0);
            }
        }

        public void Move(bool save)
        {
            if (save)
            {
                Memory.Save(Instrument.Save());
            }

            _scope = NewProcess();
            Instrument = new ClusterInstrument(Memory.Claim(_scope.Names), _scope);
        }

        // Its sources come in another order each time, so their numbers are others.
        private ClusterScope NewProcess()
        {
            var names = new GridNames();
            var context = new InstrumentContext(names);
            foreach (var declaration in _names.Declarations.Skip(1).OrderBy(d => (d.Name.Length * 7 + Memory.GetHashCode()) % 5))
            {
                context.Declare(new SourceId((ushort)names.Sources.GetOrAdd(declaration.Name)), declaration);
            }

            return new ClusterScope(names, context, _rules, _recentTicks, 10_000);
        }
    }
}
