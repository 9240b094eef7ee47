using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Gateway.Rows;

namespace Grid.Cli.Feeds;

/// <summary>The events of one tick file, one at a time.</summary>
internal sealed class LeanFile : IDisposable
{
    private readonly LeanEntry _entry;
    private readonly LineReader _lines;
    private readonly LeanRow _row;
    private readonly Action<string, long, string> _onMalformed;
    private MarketEvent _current;

    /// <summary>Opens the file.</summary>
    /// <exception cref="CommandFailure">It cannot be read, or its symbol is no valid name.</exception>
    public LeanFile(LeanEntry entry, SourceId source, NameNumbering numbering, Action<string, long, string> onMalformed)
    {
        _entry = entry;
        _onMalformed = onMalformed;
        try
        {
            _row = new LeanRow(entry, source, numbering);
        }
        catch (ArgumentException e)
        {
            throw new CommandFailure($"'{entry.Place}': {e.Message}", e);
        }

        _lines = new LineReader(entry.Open());
    }

    /// <summary>The event that <see cref="MoveNext"/> read.</summary>
    public ref readonly MarketEvent Current => ref _current;

    /// <summary>Reads the next event, over malformed lines; false at the end.</summary>
    /// <exception cref="CommandFailure">The zip is damaged.</exception>
    public bool MoveNext()
    {
        try
        {
            while (_lines.TryRead(out var line))
            {
                var reason = _lines.IsCut ? $"the line is longer than {LineReader.LineBytesMax} bytes"
                    : line.IsEmpty ? "the line is empty"
                    : _row.Parse(line, _lines.Number, ref _current);
                if (reason is null)
                {
                    return true;
                }

                _onMalformed(_entry.Place, _lines.Number, reason);
            }

            return false;
        }
        catch (InvalidDataException e)
        {
            throw new CommandFailure($"'{_entry.Place}' is damaged after line {_lines.Number}: {e.Message}", e);
        }
    }

    public void Dispose() => _lines.Dispose();
}
