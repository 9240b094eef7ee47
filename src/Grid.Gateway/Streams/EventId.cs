using System.Globalization;
using Grid.Domain.Identifiers;
using Grid.Gateway.Http;

namespace Grid.Gateway.Streams;

/// <summary>
/// Where a stream of server-sent events is, as the id of an event: the run of the grid, then symbols with versions, as in
/// <c>1764000000000000000-17 IBM:123 MSFT:45</c>. A stream of more instruments than it holds has no ids any more.
/// </summary>
internal sealed class EventId(string run, GridNames names)
{
    /// <summary>Instruments of an id: each has up to 64 characters and a number.</summary>
    public const int InstrumentsMax = 32;

    /// <summary>Bytes of the longest one with its line.</summary>
    public const int BytesMax = 128 + (InstrumentsMax * (GridNamesBytes + 22));

    private const int GridNamesBytes = Domain.GridLimits.NameBytesMax;

    private readonly byte[] _run = System.Text.Encoding.ASCII.GetBytes(run);
    private readonly List<(InstrumentId Instrument, ulong Version)> _versions = [];
    private bool _isOver;

    /// <summary>Notes how far an instrument is.</summary>
    public void Note(InstrumentId instrument, ulong version)
    {
        for (var i = 0; i < _versions.Count; i++)
        {
            if (_versions[i].Instrument == instrument)
            {
                _versions[i] = (instrument, version);
                return;
            }
        }

        _isOver |= _versions.Count == InstrumentsMax;
        if (!_isOver)
        {
            _versions.Add((instrument, version));
        }
    }

    /// <summary>Writes the line of an event; an empty one takes back what was said before.</summary>
    public void Write(ref JsonText text)
    {
        text.Raw("\nid: "u8);
        if (_isOver)
        {
            return;
        }

        text.Raw(_run);
        foreach (var (instrument, version) in _versions)
        {
            text.Raw(" "u8);
            text.Raw(names.Instruments[(int)instrument.Value]);
            text.Raw(":"u8);
            text.Number(version);
        }
    }

    /// <summary>Takes an id apart; false if it is of another run, or no id.</summary>
    public static bool TryRead(string id, string run, out Dictionary<string, ulong> versions)
    {
        versions = [];
        var parts = id.Split(' ');
        if (parts[0] != run)
        {
            return false;
        }

        foreach (var part in parts.AsSpan(1))
        {
            var colon = part.LastIndexOf(':');
            if (colon <= 0 || !ulong.TryParse(part.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var version))
            {
                return false;
            }

            versions[part[..colon]] = version;
        }

        return versions.Count <= InstrumentsMax;
    }
}
