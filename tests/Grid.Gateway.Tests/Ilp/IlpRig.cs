using System.Text;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Gateway.Ilp;
using Grid.Gateway.Publishing;
using Grid.Gateway.Rows;
using Grid.Testing;

namespace Grid.Gateway.Tests.Ilp;

/// <summary>What the lines of a body become, cut as they come over a wire.</summary>
internal sealed class IlpRig
{
    private readonly GridNames _names = new();
    private readonly IlpRows _rows;
    private readonly RowScanner _scanner;
    private readonly EventRow _row;

    public IlpRig(IlpMapping? mapping = null, long unitNs = 1, bool requiresTime = false, int rowBytesMax = 1 << 16)
    {
        _rows = new IlpRows(mapping ?? IlpMapping.BuiltIn, unitNs, Time, requiresTime);
        _scanner = new RowScanner(_rows, rowBytesMax);
        _row = new EventRow("ilp", (kind, name) => _names[kind].GetOrAdd(name));
    }

    public ManualTime Time { get; } = new();

    public List<MarketEvent> Events { get; } = [];

    public List<RunDetail> Runs { get; } = [];

    public List<PlacedFault> Faults { get; } = [];

    public MarketEvent Single => Assert.Single(Events);

    public static IlpRig Of(string body) => Of(Encoding.UTF8.GetBytes(body));

    public static IlpRig Of(byte[] body)
    {
        var rig = new IlpRig();
        rig.Take(body, isLast: true);
        return rig;
    }

    public IlpRig Take(string body) => Take(Encoding.UTF8.GetBytes(body), isLast: true);

    public IlpRig Take(ReadOnlySpan<byte> piece, bool isLast)
    {
        while (_scanner.TryTake(ref piece, isLast: false, out var row))
        {
            Take(row);
        }

        while (isLast && _scanner.TryTake(ref piece, isLast: true, out var row))
        {
            Take(row);
        }

        return this;
    }

    public string Symbol(MarketEvent e) => _names.Symbol(e.Instrument);

    public string Source(MarketEvent e) => _names.Sources.Text(e.Source.Value);

    public string Venue(MarketEvent e) => _names.Venues.Text(e.Venue.Value);

    public string Channel(MarketEvent e) => _names.Channels.Text((int)e.Channel.Value);

    private void Take(ReadOnlySpan<byte> line)
    {
        if (_scanner.IsCut)
        {
            Faults.Add(new PlacedFault(_scanner.Line, _scanner.Offset, null, new RowFault("too long")));
            return;
        }

        var kind = _rows.Read(line, _row, out var fault);
        Assert.Equal(kind == RowKind.Malformed, fault is not null);
        if (fault is not null)
        {
            Faults.Add(new PlacedFault(_scanner.Line, _scanner.Offset, null, fault));
        }
        else if (kind == RowKind.Event)
        {
            Events.Add(_row.Event);
            if (_row.Event.Kind == EventKind.Run)
            {
                Runs.Add(_row.Run);
            }
        }
    }
}
