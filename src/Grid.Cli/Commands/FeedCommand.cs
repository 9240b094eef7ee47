using System.CommandLine;
using System.CommandLine.Help;
using System.Globalization;
using System.Net;
using System.Text;
using Grid.Cli.Feeds;
using Grid.Cli.Output;
using Grid.Client.Feed;
using Grid.Client.Tls;
using Grid.Domain;
using Grid.Domain.Dedup;
using Grid.Domain.Feed;
using Grid.Domain.Identifiers;
using Grid.Gateway.Ilp;
using Grid.Gateway.Rows;

namespace Grid.Cli.Commands;

/// <summary><c>grid feed FORMAT PATH…</c>: sends files to a server and says what became of their events.</summary>
internal static class FeedCommand
{
    private const int ReconnectAttemptsMax = 120;

    private static readonly string[] Formats = ["lean", "csv", "ndjson", "ilp", "parquet"];

    private static readonly Argument<string> Format = new("FORMAT")
    {
        Description = string.Join(", ", Formats),
        CustomParser = result => CommandLine.Parse(result, text => Formats.Contains(text) ? text : null, string.Join(", ", Formats)),
    };

    private static readonly Argument<string[]> Paths = new("PATH")
    {
        Description = "files; of lean also folders with zips; of csv, ndjson and ilp also - for standard input",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<EndPoint?> To = CommandLine.EndPointOption("--to", "the server's feed address; 127.0.0.1:7401 unless given");
    private static readonly Option<FeedAck?> Ack = CommandLine.ChoiceOption<FeedAck>("--ack", "how sure an event is when it counts as acknowledged; journaled unless given");
    private static readonly Option<DedupPolicy?> Policy = CommandLine.ChoiceOption<DedupPolicy>(
        "--policy", "how duplicates of a new source are told; unless given, by sequence if its first events have numbers, else by batch");

    private static readonly Option<string?> Source = new("--source") { Description = "name of the source, where the events do not name it; the format's name unless given" };
    private static readonly Option<double> Speed = new("--speed")
    {
        Description = "max (unless given), or how many times faster than the event times; each session date then starts at once",
        HelpName = "max|FACTOR",
        CustomParser = result => CommandLine.Parse<double?>(
            result, text => text == "max" ? 0 : double.TryParse(text, CultureInfo.InvariantCulture, out var f) && f is > 0 and <= 1e9 ? f : null, "max or a number above 0") ?? 0,
    };

    private static readonly Option<string?> Mapping = new("--mapping") { Description = "of ilp: a JSON file that says what measurements and columns are", HelpName = "F" };
    private static readonly Option<string> Precision = new("--precision")
    {
        Description = "of ilp: unit of times that do not say theirs; ns unless given",
        HelpName = string.Join('|', IlpPrecision.All.Select(p => p.Key)),
        DefaultValueFactory = _ => "ns",
        CustomParser = result => CommandLine.Parse(result, text => IlpPrecision.TryParse(text, out _) ? text : null, "a unit of time"),
    };

    private static readonly Option<string?> Producer = new("--producer") { Description = "name of this producer; unless given, one that the files' names give, so that feeds of other files do not disturb it" };
    private static readonly Option<ulong> Epoch = new("--epoch")
    {
        Description = "number of this life of the producer; given again with the same files and options after an interruption, goes on where the server stands, and is refused with others. Unless given, the clock",
        HelpName = "N",
        CustomParser = result => CommandLine.Parse<ulong?>(
            result, text => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n > 0 ? n : null, $"a whole number from 1 to {ulong.MaxValue}") ?? 0,
    };

    private static readonly Option<long> ShuffleWindow = CommandLine.NumberOption(
        "--shuffle-window", "send in random order within runs of N events, to test that order does not matter; 1 leaves the order", 1, FeedRunOptions.ShuffleWindowMax, 1);

    private static readonly Option<long> Seed = CommandLine.NumberOption("--seed", "of the random order", 0, long.MaxValue, 1);
    private static readonly Option<string?> Key = QueryOptions.Key();
    private static readonly Option<bool> Tls = new("--tls") { Description = "speak TLS; the next three options mean it too" };
    private static readonly Option<string?> TlsCa = QueryOptions.TlsCa();
    private static readonly Option<string?> TlsCert = new("--tls-cert") { Description = "show this certificate (PEM), for a server that takes it for a key", HelpName = "F" };
    private static readonly Option<string?> TlsKey = new("--tls-key") { Description = "its private key (PEM), unless --tls-cert holds it too", HelpName = "F" };
    private static readonly Option<RowFormat?> Output = QueryOptions.Format();

    public static Command Create()
    {
        var command = new Command("feed", "Send files to a server") { Format, Paths };
        foreach (var option in new Option[] { To, Ack, Policy, Source, Mapping, Precision, Speed, Producer, Epoch, ShuffleWindow, Seed, Key, Tls, TlsCa, TlsCert, TlsKey, Output })
        {
            command.Options.Add(option);
        }

        command.Options.Add(new HelpOption { Action = new HelpWithText(EventColumns.Description) });
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult line, CancellationToken cancel)
    {
        var format = line.GetValue(Format)!;
        var paths = line.GetValue(Paths)!;
        var source = line.GetValue(Source) ?? format;
        if (!NameRules.IsValid(Encoding.UTF8.GetBytes(source)))
        {
            throw new CommandFailure($"--source: {NameRules.Explain(source)}");
        }

        var report = new MalformedReport(Console.Error);

        // Files are looked for before the server is, so that a wrong path is told even where no server runs.
        var entries = format == "lean" ? LeanEntry.Find(paths, Console.Error.WriteLine) : [];
        TextEventReader.RequireFiles(format == "lean" ? [] : paths);
        var rows = format == "ilp" ? Rows(line) : null;
        var speed = line.GetValue(Speed);
        var options = new FeedClientOptions
        {
            ApiKey = QueryOptions.KeyOf(line.GetValue(Key)),
            Tls = TlsOf(line),
            Producer = line.GetValue(Producer) ?? ProducerOf(format, paths),
            Epoch = EpochOf(line, format, entries, paths),
            Ack = line.GetValue(Ack) ?? FeedAck.Journaled,

            // Without lingering the same files always make the same batches, so that an epoch can be gone on with.
            Linger = speed > 0 || paths.Contains(TextEventReader.StandardInput) ? TimeSpan.FromMilliseconds(20) : TimeSpan.Zero,
            ReconnectAttemptsMax = ReconnectAttemptsMax,
        };
        options.Server = line.GetValue(To) ?? options.Server;
        try
        {
            options.Validate();
        }
        catch (ArgumentException e)
        {
            throw new CommandFailure(e.Message, e);
        }

        await using var client = await ConnectAsync(options, line.GetValue(Epoch), paths, cancel);
        RequireSameBatches(client, options, paths);
        var sources = new FeedSources(client, line.GetValue(Policy), isLean: format == "lean");
        using var reader = Open(format, entries, paths, source, rows, sources.NumberOf, report.Add, cancel);
        var run = new FeedRun(client, reader, sources, TimeProvider.System, new FeedRunOptions
        {
            Speed = speed,
            ShuffleWindow = (int)line.GetValue(ShuffleWindow),
            Seed = (ulong)line.GetValue(Seed),
            EventsToSkip = checked((long)client.LastDurableBatch * options.BatchEvents),
        });
        try
        {
            await ShowAsync(client, run, cancel);
        }
        catch
        {
            Console.Error.WriteLine($"grid: it is not finished; the same command with --producer {options.Producer} --epoch {client.Epoch} goes on where the server stands, without it all is sent again");
            throw;
        }
        finally
        {
            report.Finish();
            FeedSummary.Write(line.GetValue(Output) ?? RowFormat.Table, reader, run, client.Totals);
        }

        return reader.MalformedLines == 0 ? 0
            : throw new CommandFailure($"{reader.MalformedLines} malformed lines were not sent; all others were");
    }

    private static ulong EpochOf(ParseResult line, string format, List<LeanEntry> entries, string[] paths)
    {
        var options = string.Join('\n', format, line.GetValue(Source), line.GetValue(Mapping), line.GetValue(Precision), line.GetValue(ShuffleWindow), line.GetValue(Seed));
        var files = entries.Count > 0 ? [.. entries.Select(e => e.Path).Distinct()] : paths;
        return FeedEpoch.Of(line.GetValue(Epoch), files, options, UnixNanos.From(TimeProvider.System.GetUtcNow()));
    }

    private static async Task<FeedClient> ConnectAsync(FeedClientOptions options, ulong askedEpoch, string[] paths, CancellationToken cancel)
    {
        try
        {
            return await FeedClient.ConnectAsync(options, cancel: cancel);
        }
        catch (GridException e) when (e.Code == GridErrorCode.EpochStale && askedEpoch is > 0 and < FeedEpoch.ChosenMax)
        {
            throw new CommandFailure(FeedEpoch.ExplainStale(askedEpoch, paths, e.Message), e);
        }
    }

    // What is paced or comes from standard input makes other batches each time: what the server has of them cannot be told.
    private static void RequireSameBatches(FeedClient client, FeedClientOptions options, string[] paths)
    {
        if (client.LastDurableBatch > 0 && options.Linger > TimeSpan.Zero)
        {
            throw new CommandFailure(
                $"--epoch {client.Epoch} of '{paths[0]}' cannot be gone on with: what is paced or comes from standard input makes other batches each time; without --epoch all is sent");
        }
    }

    private static async Task ShowAsync(FeedClient client, FeedRun run, CancellationToken cancel)
    {
        using var watched = new CancellationTokenSource();
        var watching = WatchAsync(client, run, watched.Token);
        try
        {
            await Progress.ShowAsync(() => $"{run.EventsSent:N0} events sent, {client.Totals.EventsAcknowledged:N0} acknowledged", run.RunAsync(cancel));
        }
        finally
        {
            await watched.CancelAsync();
            await watching;
        }
    }

    private static async Task WatchAsync(FeedClient client, FeedRun run, CancellationToken ended)
    {
        var watch = new SilenceWatch(TimeProvider.System);
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        try
        {
            while (await timer.WaitForNextTickAsync(ended))
            {
                if (watch.Look(run.EventsSent, client.Totals.EventsAcknowledged) is { } said)
                {
                    Console.Error.WriteLine($"grid: {said}");
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The feed has ended.
        }
    }

    // Two feeds of the same producer would close each other's connection. The same files give the same name, so that the grid
    // does not remember a producer for every run.
    private static string ProducerOf(string format, string[] paths) =>
        $"grid-feed-{Crc32C.Compute(Encoding.UTF8.GetBytes(string.Join('\n', paths.Select(Path.GetFullPath).Prepend(format)))):x8}";

    private static IlpRows Rows(ParseResult line)
    {
        try
        {
            return new IlpRows(IlpMapping.Load(line.GetValue(Mapping)), IlpPrecision.UnitNs(line.GetValue(Precision)!), TimeProvider.System);
        }
        catch (ArgumentException e)
        {
            throw new CommandFailure(e.Message, e);
        }
    }

    private static ClientTlsOptions? TlsOf(ParseResult line)
    {
        var (authorities, certificate, key) = (line.GetValue(TlsCa), line.GetValue(TlsCert), line.GetValue(TlsKey));
        return line.GetValue(Tls) || authorities is not null || certificate is not null || key is not null
            ? new ClientTlsOptions { CaFile = authorities, CertificateFile = certificate, KeyFile = key }
            : null;
    }

    private static EventReader Open(
        string format, List<LeanEntry> entries, string[] paths, string source, IlpRows? rows, NameNumbering numbering, Action<MalformedLine> onMalformed, CancellationToken cancel)
    {
        try
        {
            return format switch
            {
                "lean" => new LeanReader(entries, source, numbering) { OnMalformed = onMalformed },
                "ilp" => new IlpEventReader(paths, source, rows!, numbering, cancel) { OnMalformed = onMalformed },
                "parquet" => new ParquetEventReader(paths, source, numbering, cancel) { OnMalformed = onMalformed },
                "csv" => new CsvEventReader(paths, source, numbering, cancel) { OnMalformed = onMalformed },
                _ => new NdjsonEventReader(paths, source, numbering, cancel) { OnMalformed = onMalformed },
            };
        }
        catch (ArgumentException e)
        {
            throw new CommandFailure($"--source: {e.Message}", e);
        }
    }
}
