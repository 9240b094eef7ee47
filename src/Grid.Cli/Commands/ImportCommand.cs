using System.CommandLine;
using Grid.Cli.Feeds;
using Grid.Cli.Imports;
using Grid.Cli.Output;
using Grid.Client.Query;

namespace Grid.Cli.Commands;

/// <summary><c>grid import instruments FILE</c>: sends instrument definitions to a server.</summary>
internal static class ImportCommand
{
    private const int InstrumentsPerRequest = 2_000;

    private static readonly Argument<string> FilePath = new("FILE")
    {
        Description = $"CSV with the columns {string.Join(", ", InstrumentFile.Columns)}, or Lean's symbol-properties-database.csv",
    };

    private static readonly Option<string?> Market = new("--market") { Description = "of Lean's file, only this market's; unless given all, and the first of several with one symbol" };
    private static readonly Option<Uri?> Http = QueryOptions.Http();
    private static readonly Option<string?> Key = QueryOptions.Key();
    private static readonly Option<string?> TlsCa = QueryOptions.TlsCa();
    private static readonly Option<RowFormat?> Format = QueryOptions.Format();

    public static Command Create()
    {
        var instruments = new Command("instruments", "Send instrument definitions to a server") { FilePath, Market, Format, Http, Key, TlsCa };
        instruments.SetAction(RunAsync);
        return new Command("import", "Send files of reference data to a server") { instruments };
    }

    private static async Task<int> RunAsync(ParseResult line, CancellationToken cancel)
    {
        var path = line.GetValue(FilePath)!;
        var file = new InstrumentFile(path, line.GetValue(Market));
        var instruments = file.Read();
        var report = new MalformedReport(Console.Error);
        foreach (var malformed in file.Malformed)
        {
            report.Add(malformed);
        }

        report.Finish();
        using var server = new QueryClient(
            QueryOptions.ServerOf(line.GetValue(Http)), QueryOptions.KeyOf(line.GetValue(Key)), QueryOptions.TlsOf(line.GetValue(TlsCa)));
        long accepted = 0;
        long refused = 0;
        foreach (var chunk in instruments.Chunk(InstrumentsPerRequest))
        {
            var answer = await server.PutInstrumentsAsync(chunk.Select(i => KeyValuePair.Create(i.Symbol, i.Definition)), cancel);
            accepted += answer.Accepted;
            refused += answer.Errors.Count;
            foreach (var (index, detail) in answer.Errors)
            {
                Console.Error.WriteLine($"'{chunk[index].Symbol}' was refused: {detail}");
            }
        }

        RowWriter.Write(line.GetValue(Format) ?? RowFormat.Table, Console.Out, !Console.IsOutputRedirected, ["instruments", "count"],
        [
            ["read", (long)instruments.Count],
            ["malformed", (long)file.Malformed.Count],
            ["left out", (long)file.LeftOut],
            ["accepted", accepted],
            ["refused", refused],
        ]);
        return refused + file.Malformed.Count == 0 ? 0
            : throw new CommandFailure($"{refused} instruments were refused and {file.Malformed.Count} lines were malformed; all others were taken");
    }
}
