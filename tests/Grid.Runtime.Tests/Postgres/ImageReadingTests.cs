using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Runtime.Postgres;
using Grid.Runtime.Shards;
using Grid.Storage.Postgres;
using Grid.Testing;
using static Grid.Testing.TestMarket;

namespace Grid.Runtime.Tests.Postgres;

/// <summary>What is read of instruments of whose history the hot store has dropped the beginning.</summary>
public sealed class ImageReadingTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly PlainGrid _grid;
    private ulong _filled;

    public ImageReadingTests() => _grid = new PlainGrid(Names, 1, new HotHistoryStores(_folder.Path, 4 << 20, 1L << 30, readOnly: false));

    public void Dispose()
    {
        _grid.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_minute_that_has_left_the_store_is_told_in_part_and_marked_so()
    {
        _grid.Apply([Trade(1, "09:00:00", "10", "100"), Trade(2, "09:10:00", "12", "100")]);
        Fill();
        _grid.Apply([Trade(3, "12:00:00", "11", "100"), Trade(4, "12:01:00", "11", "100"), Trade(5, "09:00:30", "13", "7"), Trade(6, "12:00:30", "13", "1")]);
        var bars = await ReadAsync("09:00:00", "12:00:00", "12:01:00");
        Assert.Equal(
            [("09:00", 7, false), ("12:00", 101, true), ("12:01", 100, true)],
            bars.Select(b => (b.Bar.Start.ToDateTimeOffset().ToString("HH:mm"), (int)(b.Bar.Volume / Quantity.One), b.IsWhole)));
    }

    private async Task<List<BarRow>> ReadAsync(params string[] minutes)
    {
        var flush = new PostgresFlush();
        var instrument = new DirtyInstrument(new InstrumentId((uint)_grid.Image.Names.Instruments.Find("AAPL")));
        foreach (var minute in minutes)
        {
            instrument.NoteMinute(At(minute).Value);
        }

        await new ImageReading(_grid.Image, (shard, question) => Task.FromResult(question(_grid.Image.Shards[shard]))).ReadAsync([instrument], flush);
        Assert.Empty(flush.GoneBars);
        Assert.Single(flush.Latest);
        return flush.Bars;
    }

    // More than the store holds, of another instrument.
    private void Fill()
    {
        var random = new Random(1);
        var start = At("09:30:00").Value;
        for (var batch = 0; batch < 40; batch++)
        {
            _grid.Apply(Enumerable.Range(0, 10_000).Select(_ =>
            {
                var line = Trade(++_filled, "09:30:00", "10", "1", ByBatch, Msft);
                return line with
                {
                    Event = line.Event with
                    {
                        Kind = EventKind.Trade,
                        EventTime = new UnixNanos(start + ((long)_filled * 1_000_000)),
                        F0 = random.NextInt64(1, 1L << 55),
                        F1 = random.NextInt64(1, 1L << 40),
                    },
                };
            }).ToList());
        }
    }
}
