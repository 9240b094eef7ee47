using Grid.Domain.Events;
using Grid.Gateway.Rows;

namespace Grid.Cli.Feeds;

/// <summary>
/// Reads events line by line from text files, one file after the other; <c>-</c> is standard input, whose events are given out
/// as they come.
/// </summary>
internal abstract class TextEventReader : EventReader
{
    /// <summary>The path that is standard input.</summary>
    public const string StandardInput = "-";

    private readonly IReadOnlyList<string> _paths;
    private readonly EventRow _row;
    private readonly CancellationToken _cancel;
    private int _filesOpened;
    private LineReader? _lines;

    protected TextEventReader(IReadOnlyList<string> paths, string defaultSource, NameNumbering numbering, CancellationToken cancel)
    {
        _paths = paths;
        _cancel = cancel;
        _row = new EventRow(defaultSource, numbering);
        RequireFiles(paths);
    }

    /// <summary>Looks whether all files are there.</summary>
    /// <exception cref="CommandFailure">One is not.</exception>
    public static void RequireFiles(IEnumerable<string> paths)
    {
        foreach (var path in paths.Where(p => p != StandardInput && !File.Exists(p)))
        {
            throw new CommandFailure(Directory.Exists(path) ? $"'{path}' is a folder; a file is needed" : $"'{path}' does not exist");
        }
    }

    private string Path => _paths[_filesOpened - 1];

    public override int Read(EventBatch batch, int countMax)
    {
        var count = 0;
        while (count < countMax && _lines is not null && (count == 0 || Path != StandardInput || _lines.HasLine))
        {
            if (!_lines.TryRead(out var line))
            {
                OpenNextFile();
            }
            else if (TryParse(line))
            {
                AddRow(batch);
                count++;
            }
        }

        EventsRead += count;
        return count;
    }

    public override void Dispose() => _lines?.Dispose();

    /// <summary>Opens the first file; called once, at the end of construction.</summary>
    protected void Start() => OpenNextFile();

    /// <summary>Reads what stands before the events.</summary>
    protected abstract void BeginFile(string path, LineReader lines);

    /// <summary>Sets the fields of a row; gives null or what is wrong.</summary>
    protected abstract RowFault? ParseLine(ReadOnlySpan<byte> line, EventRow row);

    private bool TryParse(ReadOnlySpan<byte> line)
    {
        _row.Clear();
        var fault = _lines!.IsCut ? $"the line is longer than {LineReader.LineBytesMax} bytes"
            : line.IsEmpty ? "the line is empty"
            : (ParseLine(line, _row) ?? _row.Finish())?.Message;
        if (fault is not null)
        {
            Malformed(Path, _lines.Number, fault);
        }

        return fault is null;
    }

    private void AddRow(EventBatch batch)
    {
        if (_row.Event.Kind == EventKind.Run)
        {
            batch.Add(in _row.Event, _row.Run);
        }
        else
        {
            batch.Add(in _row.Event);
        }
    }

    private void OpenNextFile()
    {
        _lines?.Dispose();
        _lines = null;
        if (_filesOpened == _paths.Count)
        {
            return;
        }

        var path = _paths[_filesOpened++];
        try
        {
            _lines = new LineReader(path == StandardInput ? Console.OpenStandardInput() : File.OpenRead(path), _cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure($"'{path}' cannot be read: {e.Message}", e);
        }

        BeginFile(path, _lines);
    }
}
