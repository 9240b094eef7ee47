using System.Buffers.Text;
using System.Text;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;

namespace Grid.Cli.Bench;

/// <summary>
/// A prepared request of line protocol. Sequence numbers and times have as many digits in every round, so that the next round
/// writes them over the old ones where they stand.
/// </summary>
internal sealed class IlpBenchBody
{
    /// <summary>Numbers count from here, so that all have ten digits.</summary>
    public const ulong FirstSequence = 1_000_000_000;

    private const int SequenceDigits = 10;
    private const int TimeDigits = 19;

    private readonly byte[] _request;
    private readonly List<(int SequenceAt, ulong Sequence, int TimeAt, long SinceStartNs)> _rows;

    private IlpBenchBody(byte[] request, int bodyBytes, List<(int SequenceAt, ulong Sequence, int TimeAt, long SinceStartNs)> rows)
    {
        _request = request;
        _rows = rows;
        BodyBytes = bodyBytes;
    }

    public int Rows => _rows.Count;

    public int BodyBytes { get; }

    /// <summary>Head and body.</summary>
    public ReadOnlySpan<byte> Request => _request;

    /// <summary>Prepares a request.</summary>
    /// <param name="events">The rows.</param>
    /// <param name="names">The names of their numbers.</param>
    /// <param name="host">Whom it is for.</param>
    public static IlpBenchBody Of(ReadOnlySpan<MarketEvent> events, GridNames names, string host)
    {
        var body = new StringBuilder();
        var rows = new List<(int SequenceAt, ulong Sequence, int TimeAt, long SinceStartNs)>(events.Length);
        foreach (ref readonly var e in events)
        {
            body.Append(e.Kind == EventKind.Trade ? "trade" : "quote");
            body.Append($",instrument={names.Symbol(e.Instrument)},source=bench,venue={names.Venues.Text(e.Venue.Value)} ");
            body.Append(e.Kind == EventKind.Trade
                ? $"price={e.Price},size={e.Size}i"
                : $"bid={e.BidPrice},bid_size={e.BidSize}i,ask={e.AskPrice},ask_size={e.AskSize}i");
            body.Append(",seq=");
            var sequenceAt = body.Length;
            body.Append('0', SequenceDigits).Append("i ");
            rows.Add((sequenceAt, e.Sequence, body.Length, e.EventTime.Value));
            body.Append('0', TimeDigits).Append('\n');
        }

        // All of it is ASCII, so characters are bytes.
        var head = $"POST /write HTTP/1.1\r\nHost: {host}\r\nContent-Length: {body.Length}\r\n\r\n";
        for (var i = 0; i < rows.Count; i++)
        {
            rows[i] = rows[i] with { SequenceAt = rows[i].SequenceAt + head.Length, TimeAt = rows[i].TimeAt + head.Length };
        }

        return new IlpBenchBody(Encoding.ASCII.GetBytes(head + body), body.Length, rows);
    }

    /// <summary>Gives the rows the numbers and times of a round.</summary>
    public void Stamp(ulong sequencesBefore, long startNs)
    {
        foreach (var (sequenceAt, sequence, timeAt, sinceStartNs) in _rows)
        {
            Utf8Formatter.TryFormat(FirstSequence + sequencesBefore + sequence, _request.AsSpan(sequenceAt), out _);
            Utf8Formatter.TryFormat(startNs + sinceStartNs, _request.AsSpan(timeAt), out _);
        }
    }
}
