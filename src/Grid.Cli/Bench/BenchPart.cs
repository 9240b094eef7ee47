using System.Text.Json;

namespace Grid.Cli.Bench;

/// <summary>What runs in a process of its own.</summary>
internal enum BenchPart
{
    /// <summary>The feeder of <c>bench ingest</c>.</summary>
    Feeder,

    /// <summary>The sending end of a bare loop.</summary>
    BareSource,

    /// <summary>The receiving end of a bare loop.</summary>
    BareSink,

    /// <summary>The feeder of <c>bench ilp</c>.</summary>
    IlpFeeder,

    /// <summary>The clients of <c>bench query</c>.</summary>
    QueryLoad,

    /// <summary>The probe of <c>bench stream</c>.</summary>
    StreamProbe,
}

/// <summary>Runs a part of a benchmark as its parent process asks: options on the command line, results on standard output.</summary>
internal static class BenchPartRun
{
    /// <summary>Runs it, and stays until the parent closes standard input, so that what it used can be measured at the end.</summary>
    public static async Task<int> RunAsync(BenchPart part, string options, CancellationToken cancel)
    {
        // The parent may die: a part without one ends.
        var parentIsGone = Task.Run(Console.In.ReadToEnd, CancellationToken.None);
        var work = Task.Run(() => WorkAsync(part, options, cancel), cancel);
        if (await Task.WhenAny(work, parentIsGone) == work)
        {
            await work;
            await parentIsGone.WaitAsync(cancel);
        }

        return 0;
    }

    private static async Task WorkAsync(BenchPart part, string options, CancellationToken cancel)
    {
        switch (part)
        {
            case BenchPart.Feeder:
                await new IngestBenchFeeder(Read<IngestFeederOptions>(options)).RunAsync(Say, cancel);
                break;
            case BenchPart.BareSource:
                Say(BareLoopSource.Run(Read<BareLoopOptions>(options)));
                break;
            case BenchPart.BareSink:
                BareLoopSink.Run(Read<BareLoopOptions>(options), at => Console.WriteLine(at));
                break;
            case BenchPart.IlpFeeder:
                Say(new IlpBenchFeeder(Read<IlpFeederOptions>(options)).Run());
                break;
            case BenchPart.QueryLoad:
                Say(QueryBenchLoad.Run(Read<QueryLoadOptions>(options)));
                break;
            case BenchPart.StreamProbe:
                using (var probe = new StreamBenchProbe(Read<StreamProbeOptions>(options)))
                {
                    Say(await probe.RunAsync(cancel));
                }

                break;
            default:
                throw new CommandFailure($"'{part}' is no part that runs alone");
        }
    }

    private static T Read<T>(string options) =>
        JsonSerializer.Deserialize<T>(options, BenchReport.Json) ?? throw new CommandFailure("a part of a benchmark needs its options");

    private static void Say<T>(T line) => Console.WriteLine(JsonSerializer.Serialize<object>(line!, BenchReport.Json));
}
