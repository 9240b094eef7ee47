using Grid.Gateway.Rows;

namespace Grid.Cli.Feeds;

/// <summary>Reads events from CSV files (<see cref="CsvRows"/>).</summary>
internal sealed class CsvEventReader : TextEventReader
{
    private readonly CsvRows _rows = new();

    /// <summary>Opens the first file.</summary>
    /// <exception cref="CommandFailure">It cannot be read or its header is wrong.</exception>
    public CsvEventReader(IReadOnlyList<string> paths, string defaultSource, NameNumbering numbering, CancellationToken cancel = default)
        : base(paths, defaultSource, numbering, cancel) => Start();

    protected override void BeginFile(string path, LineReader lines)
    {
        if (!lines.TryRead(out var header))
        {
            throw new CommandFailure($"'{path}' is empty; its first line must name the columns");
        }

        if (_rows.Begin(header) is { } fault)
        {
            throw new CommandFailure($"'{path}' has {fault}");
        }
    }

    protected override RowFault? ParseLine(ReadOnlySpan<byte> line, EventRow row) => _rows.Parse(line, row);
}
