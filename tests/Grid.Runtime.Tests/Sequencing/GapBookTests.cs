using System.Buffers;
using Grid.Domain;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Runtime.Sequencing;
using Grid.Runtime.Snapshots;

namespace Grid.Runtime.Tests.Sequencing;

public sealed class GapBookTests
{
    private static readonly InstrumentContext Context = ContextOf("holes");

    [Fact]
    public void Over_the_limit_of_domains_the_one_heard_of_least_recently_is_forgotten_and_counted()
    {
        var gaps = new GapBook(domainsMax: 3, gapsMax: 100);
        Observe(gaps, (1, 1), (1, 5), (2, 1), (2, 3), (3, 1));
        Observe(gaps, (1, 6), (4, 1));
        Assert.Equal(new ForgottenGaps(1, 1, 1), gaps.Forgotten);
        Assert.Equal((1u, 2UL, 4UL), Assert.Single(gaps.Open(10).Select(g => (g.Session, g.FirstMissing, g.LastMissing))));
        Assert.Equal(1, gaps.Count);
    }

    [Fact]
    public void Over_the_limit_of_gaps_whole_domains_are_forgotten_and_their_numbers_counted()
    {
        var gaps = new GapBook(domainsMax: 100, gapsMax: 3);
        Observe(gaps, (1, 1), (1, 10), (1, 20), (2, 1), (2, 3), (3, 1), (3, 3));
        Assert.Equal(new ForgottenGaps(1, 2, 17), gaps.Forgotten);
        Assert.Equal([2u, 3u], gaps.Open(10).Select(g => g.Session));
        Observe(gaps, (2, 2), (1, 30));
        Assert.Equal([3u], gaps.Open(10).Select(g => g.Session));
        Assert.Equal(1, gaps.Count);
    }

    [Fact]
    public void What_a_domain_forgets_of_itself_is_counted()
    {
        var gaps = new GapBook();
        Observe(gaps, [.. Enumerable.Range(0, GapTracker.GapsMax + 2).Select(i => (1u, (ulong)((2 * i) + 1)))]);
        Assert.Equal(new ForgottenGaps(0, 256, 256), gaps.Forgotten);
        Assert.Equal(GapTracker.GapsMax + 1 - 256, gaps.Count);
    }

    [Fact]
    public void Next_to_be_forgotten_is_the_same_after_a_restart()
    {
        var gaps = new GapBook(domainsMax: 3, gapsMax: 100);
        Observe(gaps, (1, 1), (1, 3), (2, 1), (2, 3), (3, 1), (3, 3), (1, 5), (4, 1));
        var loaded = Reloaded(gaps);
        Assert.Equal(gaps.Forgotten, loaded.Forgotten);
        foreach (var book in (GapBook[])[gaps, loaded])
        {
            Observe(book, (5, 1));
            Assert.Equal([1u, 1u], book.Open(10).Select(g => g.Session));
            Assert.Equal(new ForgottenGaps(2, 2, 2), book.Forgotten);
        }
    }

    private static GapBook Reloaded(GapBook gaps)
    {
        var (trackers, forgotten) = (new ArrayBufferWriter<byte>(), new ArrayBufferWriter<byte>());
        gaps.Save(new SectionPieces(bytes => trackers.Write(bytes.Span)));
        gaps.SaveForgotten(new StateWriter(forgotten));
        var loaded = new GapBook(domainsMax: 3, gapsMax: 100);
        var reader = new StateReader(trackers.WrittenSpan);
        loaded.Load(ref reader);
        reader = new StateReader(forgotten.WrittenSpan);
        loaded.LoadForgotten(ref reader);
        return loaded;
    }

    private static void Observe(GapBook gaps, params (uint Session, ulong Sequence)[] numbers) => gaps.Observe(
        [.. numbers.Select(n => new MarketEvent { Kind = EventKind.Trade, Source = new SourceId(1), Session = n.Session, Sequence = n.Sequence })], Context);

    private static InstrumentContext ContextOf(string source)
    {
        var names = new GridNames();
        var context = new InstrumentContext(names);
        context.Declare(new SourceId((ushort)names.Sources.GetOrAdd(source)), new SourceDeclaration { Name = source, IsContiguous = true });
        return context;
    }
}
