using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;

namespace Grid.Benchmarks.Memory;

/// <summary>
/// What instruments cost: <c>once</c> with one trade and one quote each, <c>full</c> with full dedup windows, <c>million</c>
/// with a million of them. Each in a process of its own, in plain numbers.
/// </summary>
internal static class MemoryMode
{
    private const int PerBatch = 8_192;
    private const int BatchesToFillPool = 1_000;
    private const int WindowRanges = 1_100;
    private const long Start = 1_764_000_000 * UnixNanos.PerSecond;

    // Name, instruments, trades and quotes of each.
    private static readonly (string Name, int Instruments, int EventsEach)[] Scenarios =
    [
        ("once", 100_000, 2),
        ("full", 5_000, WindowRanges),
        ("million", 1_000_000, 2),
    ];

    /// <summary>Runs all scenarios.</summary>
    public static int RunAll()
    {
        foreach (var (name, _, _) in Scenarios)
        {
            using var process = Process.Start(Environment.ProcessPath!, [.. HostArguments(), "memory", name]);
            process.WaitForExit();
            if (process.ExitCode != 0)
            {
                return process.ExitCode;
            }
        }

        return 0;
    }

    /// <summary>Runs one scenario in this process.</summary>
    public static async Task<int> RunAsync(string scenario)
    {
        var found = Array.Find(Scenarios, s => s.Name == scenario);
        if (found.Name is null)
        {
            Console.Error.WriteLine($"there is no scenario '{scenario}'; there are {string.Join(", ", Scenarios.Select(s => s.Name))}");
            return 2;
        }

        var folder = Directory.CreateTempSubdirectory("grid-benchmarks-").FullName;
        try
        {
            await MeasureAsync(folder, found.Name, found.Instruments, found.EventsEach);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task MeasureAsync(string folder, string name, int instruments, int eventsEach)
    {
        await using var rig = await GridRig.OpenAsync(folder);
        await FillPoolAsync(rig);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var statusBefore = rig.Grid.GetStatus();
        var anonymousBefore = FromStatus("RssAnon:");
        var startedAt = Stopwatch.GetTimestamp();
        await FeedAsync(rig, instruments, eventsEach);
        var fed = Stopwatch.GetElapsedTime(startedAt).TotalSeconds;
        var heap = GC.GetTotalMemory(forceFullCollection: true) - before;
        var status = rig.Grid.GetStatus();
        Tell(name, "instruments", $"{status.Instruments - statusBefore.Instruments:N0}, each with {eventsEach:N0} events ({status.Outcomes.Accepted - statusBefore.Outcomes.Accepted:N0} accepted, {status.Outcomes.Rejected:N0} rejected)");
        Tell(name, "managed bytes per instrument", $"{heap / (double)instruments:N0} (names and feed dictionaries included)");
        Tell(name, "hot store bytes per instrument", $"{(status.HotStoreBytes - statusBefore.HotStoreBytes) / (double)instruments:N0} of mapped files, in whole extents");
        Tell(name, "resident without files", $"{Mb(FromStatus("RssAnon:"))} MB, {Mb(anonymousBefore)} MB before");
        Tell(name, "resident with mapped files", $"{Mb(FromStatus("VmRSS:"))} MB, {Mb(FromStatus("VmHWM:"))} MB at most");
        Tell(name, "time", $"{fed:0.00} s from the first name to the last acknowledgement");
        startedAt = Stopwatch.GetTimestamp();
        await rig.Grid.SnapshotAsync();
        Tell(name, "snapshot", $"{Stopwatch.GetElapsedTime(startedAt).TotalSeconds:0.00} s");
    }

    // The engine's pool of batches is the same for one instrument and for a million: it is filled before.
    private static async Task FillPoolAsync(GridRig rig)
    {
        var names = new GridNames();
        var source = new SourceDeclaration { Name = "pool" };
        names.Instruments.GetOrAdd("POOL");
        names.Sources.GetOrAdd(source.Name);
        names.Venues.GetOrAdd("V");
        names.Channels.GetOrAdd("pool");
        await rig.BeginAsync(names, source);
        var encoder = new EventBatchEncoder();
        ulong sequence = 0;
        for (var batch = 0; batch < BatchesToFillPool; batch++)
        {
            encoder.Clear();
            while (encoder.Count < PerBatch)
            {
                encoder.Add(EventOf(1, (int)sequence, ++sequence));
            }

            await rig.SubmitAsync(encoder);
        }

        await rig.DrainAsync();
    }

    // Each instrument's events are far apart in the source's one series of numbers, so each opens a range of its own.
    private static async Task FeedAsync(GridRig rig, int instruments, int eventsEach)
    {
        var names = new GridNames();
        var source = new SourceDeclaration { Name = "memory" };
        for (var i = 1; i <= instruments; i++)
        {
            names.Instruments.GetOrAdd(Encoding.ASCII.GetBytes(i.ToString("D7", CultureInfo.InvariantCulture)));
        }

        names.Sources.GetOrAdd(source.Name);
        names.Venues.GetOrAdd("V");
        names.Channels.GetOrAdd("all");
        await rig.BeginAsync(names, source);
        var encoder = new EventBatchEncoder();
        ulong sequence = 0;
        for (var round = 0; round < eventsEach; round++)
        {
            for (var i = 1; i <= instruments; i++)
            {
                encoder.Add(EventOf(i, round, ++sequence));
                if (encoder.Count == PerBatch)
                {
                    await rig.SubmitAsync(encoder);
                    encoder.Clear();
                }
            }
        }

        if (encoder.Count > 0)
        {
            await rig.SubmitAsync(encoder);
        }

        await rig.DrainAsync();
    }

    // Trades and quotes in turn, all within a few seconds.
    private static MarketEvent EventOf(int instrument, int round, ulong sequence) => new()
    {
        Kind = round % 2 == 0 ? EventKind.Trade : EventKind.Quote,
        Flags = round % 2 == 0 ? EventFlags.None : EventFlags.BidSet | EventFlags.AskSet,
        Source = new SourceId(1),
        Channel = new ChannelId(1),
        Venue = new VenueId(1),
        Session = 20_251_124,
        Instrument = new InstrumentId((uint)instrument),
        Sequence = sequence,
        EventTime = new UnixNanos(Start + ((long)sequence * 100)),
        F0 = Price.Of(100).Raw,
        F1 = Quantity.One,
        F2 = round % 2 == 0 ? 0 : Price.Of(101).Raw,
        F3 = round % 2 == 0 ? 0 : Quantity.One,
    };

    private static IEnumerable<string> HostArguments() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [Assembly.GetEntryAssembly()!.Location] : [];

    private static void Tell(string scenario, string what, string text) => Console.WriteLine($"{scenario,-9}{what,-32}{text}");

    private static string Mb(long bytes) => $"{bytes / (double)(1 << 20):N0}";

    private static long FromStatus(string field)
    {
        const string File = "/proc/self/status";
        if (!System.IO.File.Exists(File))
        {
            return Process.GetCurrentProcess().WorkingSet64;
        }

        var line = System.IO.File.ReadLines(File).First(l => l.StartsWith(field, StringComparison.Ordinal));
        return 1024 * long.Parse(line[field.Length..].Replace("kB", string.Empty, StringComparison.Ordinal), CultureInfo.InvariantCulture);
    }
}
