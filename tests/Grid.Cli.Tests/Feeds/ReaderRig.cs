using Grid.Cli.Feeds;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Gateway.Ilp;

namespace Grid.Cli.Tests.Feeds;

/// <summary>What a reader gave, all of it.</summary>
internal sealed class ReaderRig
{
    private readonly GridNames _names = new();

    public List<MarketEvent> Events { get; } = [];

    public List<RunDetail> Runs { get; } = [];

    public List<MalformedLine> Malformed { get; } = [];

    public List<string> LeftOut { get; } = [];

    public int NumberOf(NameKind kind, ReadOnlySpan<byte> name) => _names[kind].GetOrAdd(name);

    public string Symbol(MarketEvent e) => _names.Symbol(e.Instrument);

    public string Source(MarketEvent e) => _names.Sources.Text(e.Source.Value);

    public string Channel(MarketEvent e) => _names.Channels.Text((int)e.Channel.Value);

    public string Venue(MarketEvent e) => _names.Venues.Text(e.Venue.Value);

    public static ReaderRig Lean(params string[] paths)
    {
        var rig = new ReaderRig();
        return rig.Run(new LeanReader(LeanEntry.Find(paths, rig.LeftOut.Add), "lean", rig.NumberOf) { OnMalformed = rig.Malformed.Add });
    }

    public static ReaderRig Csv(TempFolder folder, params string[] lines)
    {
        var rig = new ReaderRig();
        var path = folder.Write("events.csv", string.Join('\n', lines));
        return rig.Run(new CsvEventReader([path], "csv", rig.NumberOf) { OnMalformed = rig.Malformed.Add });
    }

    public static ReaderRig Ndjson(TempFolder folder, params string[] lines)
    {
        var rig = new ReaderRig();
        var path = folder.Write("events.ndjson", string.Join('\n', lines));
        return rig.Run(new NdjsonEventReader([path], "ndjson", rig.NumberOf) { OnMalformed = rig.Malformed.Add });
    }

    public static ReaderRig Parquet(params string[] paths)
    {
        var rig = new ReaderRig();
        return rig.Run(new ParquetEventReader(paths, "parquet", rig.NumberOf) { OnMalformed = rig.Malformed.Add });
    }

    public static ReaderRig Ilp(params string[] paths)
    {
        var rig = new ReaderRig();
        return rig.Run(new IlpEventReader(paths, "ilp", new IlpRows(IlpMapping.BuiltIn, 1, TimeProvider.System), rig.NumberOf) { OnMalformed = rig.Malformed.Add });
    }

    // Small batches, so that a reader has to go on where it stopped.
    private ReaderRig Run(EventReader reader)
    {
        using (reader)
        {
            var batch = new EventBatch();
            while (true)
            {
                batch.Clear();
                var count = reader.Read(batch, 100);
                Assert.Equal(batch.Count, count);
                if (count == 0)
                {
                    break;
                }

                Events.AddRange(batch.Events);
                Runs.AddRange(batch.Runs);
            }

            Assert.Equal(Events.Count, reader.EventsRead);
            Assert.Equal(Malformed.Count, reader.MalformedLines);
        }

        return this;
    }
}
