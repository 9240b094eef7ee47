using Grid.Gateway.Rows;

namespace Grid.Cli.Feeds;

/// <summary>Reads events from files with one JSON object per line (<see cref="JsonRows"/>).</summary>
internal sealed class NdjsonEventReader : TextEventReader
{
    private readonly JsonRows _rows = new();

    /// <summary>Opens the first file.</summary>
    /// <exception cref="CommandFailure">It cannot be read.</exception>
    public NdjsonEventReader(IReadOnlyList<string> paths, string defaultSource, NameNumbering numbering, CancellationToken cancel = default)
        : base(paths, defaultSource, numbering, cancel) => Start();

    protected override void BeginFile(string path, LineReader lines)
    {
    }

    protected override RowFault? ParseLine(ReadOnlySpan<byte> line, EventRow row) => _rows.Parse(line, row);
}
