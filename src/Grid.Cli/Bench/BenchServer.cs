using System.Net;
using System.Text.Json;

namespace Grid.Cli.Bench;

/// <summary><c>grid serve</c> in a process of its own, on free ports.</summary>
internal sealed class BenchServer : IAsyncDisposable
{
    private const string AnyPort = "127.0.0.1:0";
    private const string HttpLine = "http ";
    private const string FeedLine = "feed ";

    private readonly HttpClient _client;

    private BenchServer(BenchProcess process, string http, IPEndPoint feed)
    {
        Process = process;
        Feed = feed;
        Http = new Uri(http);
        _client = new HttpClient { BaseAddress = Http };
    }

    /// <summary>The process.</summary>
    public BenchProcess Process { get; }

    /// <summary>Where the binary feed listens.</summary>
    public IPEndPoint Feed { get; }

    /// <summary>Where HTTP is served.</summary>
    public Uri Http { get; }

    /// <summary>Starts it and waits until it listens.</summary>
    /// <exception cref="CommandFailure">It ends before.</exception>
    public static async Task<BenchServer> StartAsync(string dataFolder, IEnumerable<string> more, CancellationToken cancel)
    {
        var process = BenchProcess.Start("the server", ["serve", "--data", dataFolder, "--feed", AnyPort, "--http", AnyPort, "--ilp", AnyPort, .. more]);
        try
        {
            string? http = null;
            IPEndPoint? feed = null;
            while (http is null || feed is null)
            {
                var line = await process.ReadLineAsync(cancel);
                http = line.StartsWith(HttpLine, StringComparison.Ordinal) ? line[HttpLine.Length..] : http;
                feed = line.StartsWith(FeedLine, StringComparison.Ordinal) ? IPEndPoint.Parse(line[FeedLine.Length..]) : feed;
            }

            return new BenchServer(process, http, feed);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>What it answers to a path.</summary>
    /// <exception cref="HttpRequestException">It refuses.</exception>
    public async Task<JsonElement> GetAsync(string path, CancellationToken cancel)
    {
        await using var body = await _client.GetStreamAsync(new Uri(path, UriKind.Relative), cancel);
        using var document = await JsonDocument.ParseAsync(body, cancellationToken: cancel);
        return document.RootElement.Clone();
    }

    /// <summary>Asks it to stop and waits until it has.</summary>
    public Task StopAsync(CancellationToken cancel) => Process.StopAsync(cancel);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await Process.DisposeAsync();
    }
}
