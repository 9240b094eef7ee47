namespace Grid.Client.Streams;

/// <summary>
/// How far a subscriber is, by instrument: what it has seen, which holds within one run of the server, and what of that
/// is surely durable, which holds for every run.
/// </summary>
internal sealed class StreamPositions
{
    private readonly Dictionary<string, Position> _positions = [];
    private ulong _flushed;

    /// <summary>Instruments seen.</summary>
    public int Count => _positions.Count;

    /// <summary>Notes an update.</summary>
    public void Note(string instrument, ulong version, ulong frame)
    {
        var position = _positions.GetValueOrDefault(instrument);

        // One of the versions that are not durable yet is waited for; it is let go only when it is, or none would ever be.
        if (position.AwaitedFrame <= _flushed)
        {
            position = position with { Durable = position.Awaited, Awaited = version, AwaitedFrame = frame };
        }

        _positions[instrument] = position with { Seen = version, SeenFrame = frame };
    }

    /// <summary>Notes how far the server's disk is.</summary>
    public void Flushed(ulong frame) => _flushed = Math.Max(_flushed, frame);

    /// <summary>Where to go on in the run that told all this.</summary>
    public IEnumerable<KeyValuePair<string, ulong>> Seen() => _positions.Select(p => new KeyValuePair<string, ulong>(p.Key, p.Value.Seen));

    /// <summary>Where to go on in another run; what was not durable is forgotten, and frames begin anew.</summary>
    public void TakeBack()
    {
        foreach (var (instrument, position) in _positions.ToList())
        {
            var durable = position.SeenFrame <= _flushed ? position.Seen
                : position.AwaitedFrame <= _flushed ? position.Awaited
                : position.Durable;
            if (durable == 0)
            {
                _positions.Remove(instrument);
            }
            else
            {
                _positions[instrument] = new Position(durable, 0, durable, 0, durable);
            }
        }

        _flushed = 0;
    }

    // Versions: 0 is none. Awaited is Seen or before it, Durable before Awaited.
    private readonly record struct Position(ulong Seen, ulong SeenFrame, ulong Awaited, ulong AwaitedFrame, ulong Durable);
}
