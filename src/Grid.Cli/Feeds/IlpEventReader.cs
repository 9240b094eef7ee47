using Grid.Domain.Events;
using Grid.Gateway.Ilp;
using Grid.Gateway.Rows;

namespace Grid.Cli.Feeds;

/// <summary>
/// Reads events from files of line protocol (<see cref="IlpRows"/>), one file after the other; <c>-</c> is standard input, whose
/// events are given out as they come.
/// </summary>
internal sealed class IlpEventReader : EventReader
{
    private const int BufferBytes = 128 << 10;

    private readonly IReadOnlyList<string> _paths;
    private readonly IlpRows _rows;
    private readonly EventRow _row;
    private readonly CancellationToken _cancel;

    // _buffer[_start.._end) was read and not yet looked at.
    private readonly byte[] _buffer = new byte[BufferBytes];
    private int _start;
    private int _end;
    private bool _isAtEnd;
    private int _filesOpened;
    private Stream? _stream;
    private RowScanner _scanner;

    /// <summary>Opens the first file.</summary>
    /// <exception cref="CommandFailure">It cannot be read.</exception>
    public IlpEventReader(IReadOnlyList<string> paths, string defaultSource, IlpRows rows, NameNumbering numbering, CancellationToken cancel = default)
    {
        _cancel = cancel;
        _paths = paths;
        _rows = rows;
        _row = new EventRow(defaultSource, numbering);
        _scanner = new RowScanner(rows, LineReader.LineBytesMax);
        TextEventReader.RequireFiles(paths);
        OpenNextFile();
    }

    public override int Read(EventBatch batch, int countMax)
    {
        var count = 0;
        while (count < countMax && _stream is not null)
        {
            ReadOnlySpan<byte> unread = _buffer.AsSpan(_start, _end - _start);
            var isTaken = _scanner.TryTake(ref unread, _isAtEnd, out var line);
            _start = _end - unread.Length;
            if (isTaken)
            {
                count += TryAdd(line, batch) ? 1 : 0;
            }
            else if (_isAtEnd)
            {
                OpenNextFile();
            }
            else if (count > 0 && _paths[_filesOpened - 1] == TextEventReader.StandardInput)
            {
                break;
            }
            else
            {
                _start = 0;
                _cancel.ThrowIfCancellationRequested();
                _end = _stream.Read(_buffer);
                _isAtEnd = _end == 0;
            }
        }

        EventsRead += count;
        return count;
    }

    public override void Dispose() => _stream?.Dispose();

    private bool TryAdd(ReadOnlySpan<byte> line, EventBatch batch)
    {
        RowFault? fault;
        if (_scanner.IsCut)
        {
            fault = new RowFault($"the line is longer than {LineReader.LineBytesMax} bytes");
        }
        else if (_rows.Read(line, _row, out fault) == RowKind.Nothing)
        {
            return false;
        }

        if (fault is not null)
        {
            Malformed(_paths[_filesOpened - 1], _scanner.Line, fault.Column is { } column ? $"column {column}: {fault}" : fault.Message);
            return false;
        }

        if (_row.Event.Kind == EventKind.Run)
        {
            batch.Add(in _row.Event, _row.Run);
        }
        else
        {
            batch.Add(in _row.Event);
        }

        return true;
    }

    private void OpenNextFile()
    {
        _stream?.Dispose();
        _stream = null;
        if (_filesOpened == _paths.Count)
        {
            return;
        }

        var path = _paths[_filesOpened++];
        _start = _end = 0;
        _isAtEnd = false;
        _scanner = new RowScanner(_rows, LineReader.LineBytesMax);
        try
        {
            _stream = path == TextEventReader.StandardInput ? Console.OpenStandardInput() : File.OpenRead(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure($"'{path}' cannot be read: {e.Message}", e);
        }
    }
}
