using System.Text.RegularExpressions;
using Grid.Client.Query;
using Grid.Client.Streams;
using Grid.Client.Tests.Streams;
using static Grid.Testing.TestMarket;

namespace Grid.Client.Tests;

/// <summary>The README's program is the method here, and it runs.</summary>
public sealed partial class ReadmeExampleTests
{
    [Fact]
    public async Task Program_of_the_readme_runs()
    {
        await using var server = await StreamServer.StartAsync();
        await server.SendAsync(Trade(1, "10:00:00", "10"));
        var running = RunAsync(server.Address);
        for (ulong sequence = 2; !running.IsCompleted; sequence++)
        {
            await server.SendAsync(Trade(sequence, "10:00:01", "11"));
        }

        await running.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Program_of_the_readme_is_the_one_that_is_run()
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "Grid.sln")))
        {
            root = Path.GetDirectoryName(root)!;
        }

        var source = File.ReadAllText(Path.Combine(root, "tests", "Grid.Client.Tests", "ReadmeExampleTests.cs"));
        var body = Lines(Method().Match(source).Groups[1].Value);
        var shown = Lines(Block().Match(File.ReadAllText(Path.Combine(root, "README.md"))).Groups[1].Value);

        // The README says which names it uses and where the server is.
        Assert.Equal(body, shown.Where(l => !l.StartsWith("using Grid", StringComparison.Ordinal) && !l.StartsWith("var server", StringComparison.Ordinal)));
    }

    private static async Task RunAsync(Uri server)
    {
        using var query = new QueryClient(server);
        foreach (var row in await query.FindLatestAsync("*"))
        {
            Console.WriteLine($"{row.Instrument} {row.Price}");
        }

        var stream = new StreamClient(server);
        var request = new StreamRequest { Patterns = ["A*"], Kinds = StreamKinds.Trades };
        await foreach (var update in stream.SubscribeAsync(request).Take(10))
        {
            Console.WriteLine($"{update.Kind} {update.Instrument} {update.Version} {update.Tick?.Price}");
        }
    }

    private static IEnumerable<string> Lines(string text) => text.Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0);

    [GeneratedRegex(@"Task RunAsync\(Uri server\)\r?\n    \{(.*?)\n    \}", RegexOptions.Singleline)]
    private static partial Regex Method();

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();
}
