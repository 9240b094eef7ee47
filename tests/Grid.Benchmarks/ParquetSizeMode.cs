using System.Diagnostics;
using Grid.Cli.Feeds;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Storage.Parquet;
using Grid.Storage.Parquet.Schema;

namespace Grid.Benchmarks;

/// <summary>
/// Bytes per event of real ticks in Parquet, written as an archive would: instrument, source, sequence, time, prices, sizes, exchange,
/// conditions and a flag, sorted by instrument, time and sequence; once with times in nanoseconds, and once in the coarsest unit that holds
/// them exactly, since differences of nanoseconds take 20 bits more than those of milliseconds. The files stay, for other readers to check.
/// </summary>
internal static class ParquetSizeMode
{
    private const string Source = "lean";

    public static int Run(string ticks, string output)
    {
        var names = new List<string> { string.Empty };
        using var reader = new LeanReader(LeanEntry.Find([ticks], Console.Error.WriteLine), Source, (_, name) => NumberOf(names, System.Text.Encoding.UTF8.GetString(name)));
        var events = ReadAll(reader);
        events.Sort((a, b) =>
            string.CompareOrdinal(names[(int)a.Instrument.Value], names[(int)b.Instrument.Value]) is var byName and not 0 ? byName
            : a.EventTime.Value.CompareTo(b.EventTime.Value) is var byTime and not 0 ? byTime
            : a.Sequence.CompareTo(b.Sequence));
        foreach (var kind in new[] { EventKind.Trade, EventKind.Quote })
        {
            var some = events.Where(e => e.Kind == kind).ToList();
            foreach (var codec in new[] { ParquetCodec.Snappy, ParquetCodec.Zstd })
            {
                foreach (var unit in new[] { ParquetTimeUnit.Nanos, CoarsestUnit(some) })
                {
                    Write(Path.Combine(output, $"{kind}.{codec}.{unit}.parquet".ToLowerInvariant()), some, names, codec, unit);
                }
            }
        }

        return 0;
    }

    private static int NumberOf(List<string> names, string name)
    {
        var number = names.IndexOf(name);
        if (number < 0)
        {
            number = names.Count;
            names.Add(name);
        }

        return number;
    }

    private static List<MarketEvent> ReadAll(LeanReader reader)
    {
        var events = new List<MarketEvent>();
        var batch = new EventBatch();
        while (reader.Read(batch, 10_000) > 0)
        {
            events.AddRange(batch.Events);
            batch.Clear();
        }

        return events;
    }

    private static ParquetTimeUnit CoarsestUnit(List<MarketEvent> events) =>
        events.TrueForAll(e => e.EventTime.Value % NanosOf(ParquetTimeUnit.Millis) == 0) ? ParquetTimeUnit.Millis
        : events.TrueForAll(e => e.EventTime.Value % NanosOf(ParquetTimeUnit.Micros) == 0) ? ParquetTimeUnit.Micros
        : ParquetTimeUnit.Nanos;

    private static long NanosOf(ParquetTimeUnit unit) => unit == ParquetTimeUnit.Millis ? 1_000_000 : unit == ParquetTimeUnit.Micros ? 1_000 : 1;

    private static void Write(string path, List<MarketEvent> events, List<string> names, ParquetCodec codec, ParquetTimeUnit unit)
    {
        var begun = Stopwatch.GetTimestamp();
        using (var stream = File.Create(path))
        using (var writer = new ParquetWriter(stream, Fields(events[0].Kind, unit), new ParquetWriterOptions { Codec = codec }))
        {
            var texts = names.ConvertAll(System.Text.Encoding.UTF8.GetBytes);
            foreach (var e in events)
            {
                Append(writer, e, NanosOf(unit), texts);
            }

            writer.Finish();
        }

        var seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        var bytes = new FileInfo(path).Length;
        Console.WriteLine($"{events[0].Kind} {codec} {unit}: {events.Count:N0} events, {bytes:N0} bytes, {(double)bytes / events.Count:0.00} bytes per event, {events.Count / seconds:N0} events/s");
        using var file = ParquetFile.Open(path);
        foreach (var column in file.Summaries().GroupBy(s => s.Column.Name))
        {
            var encodings = string.Join('|', column.Select(s => s.Encodings).Distinct());
            Console.WriteLine($"  {column.Key,-12} {(double)column.Sum(s => s.CompressedBytes) / events.Count,6:0.000} bytes per event  {encodings}");
        }
    }

    private static ParquetField[] Fields(EventKind kind, ParquetTimeUnit unit)
    {
        var price = LogicalType.Decimal(18, Price.Scale);
        var size = LogicalType.Decimal(18, Quantity.Scale);
        ParquetField[] values = kind == EventKind.Trade
            ? [new("price", PhysicalType.Int64, price), new("size", PhysicalType.Int64, size)]
            :
            [
                new("bid", PhysicalType.Int64, price) { IsOptional = true }, new("bid_size", PhysicalType.Int64, size) { IsOptional = true },
                new("ask", PhysicalType.Int64, price) { IsOptional = true }, new("ask_size", PhysicalType.Int64, size) { IsOptional = true },
            ];
        return
        [
            new("instrument", PhysicalType.ByteArray, LogicalType.String), new("source", PhysicalType.ByteArray, LogicalType.String), new("sequence", PhysicalType.Int64),
            new("time", PhysicalType.Int64, new LogicalType(LogicalKind.Timestamp, Unit: unit, IsUtc: true)), .. values, new("exchange", PhysicalType.ByteArray, LogicalType.String),
            new("conditions", PhysicalType.Int32, LogicalType.Integer(32, isSigned: false)), new("suspicious", PhysicalType.Boolean),
        ];
    }

    private static void Append(ParquetWriter writer, in MarketEvent e, long nanosPerUnit, List<byte[]> names)
    {
        writer[0].Append(names[(int)e.Instrument.Value]);
        writer[1].Append(names[e.Source.Value]);
        writer[2].Append((long)e.Sequence);
        writer[3].Append(e.EventTime.Value / nanosPerUnit);
        var next = 4;
        if (e.Kind == EventKind.Trade)
        {
            writer[next++].Append(e.F0);
            writer[next++].Append(e.F1);
        }
        else
        {
            AppendSide(writer, ref next, (e.Flags & EventFlags.BidSet) != 0, e.F0, e.F1);
            AppendSide(writer, ref next, (e.Flags & EventFlags.AskSet) != 0, e.F2, e.F3);
        }

        writer[next++].Append(names[e.Venue.Value]);
        writer[next++].Append((int)e.Conditions);
        writer[next].Append((e.Flags & EventFlags.Suspicious) != 0);
        writer.EndRow();
    }

    private static void AppendSide(ParquetWriter writer, ref int next, bool isSet, long price, long size)
    {
        foreach (var value in (ReadOnlySpan<long>)[price, size])
        {
            if (isSet)
            {
                writer[next++].Append(value);
            }
            else
            {
                writer[next++].AppendNull();
            }
        }
    }
}
