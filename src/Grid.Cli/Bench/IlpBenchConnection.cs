using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Grid.Domain.Events;
using Grid.Runtime.Metrics;
using Grid.Domain.Identifiers;

namespace Grid.Cli.Bench;

/// <summary>One keep-alive connection of <c>bench ilp</c> with a market of its own, run by one thread.</summary>
internal sealed class IlpBenchConnection : IDisposable
{
    private readonly Socket _socket;
    private readonly byte[] _answer = new byte[64 << 10];
    private readonly List<IlpBenchBody> _bodies = [];
    private readonly SyntheticMarket _market;
    private readonly ulong _sequencesOfRound;
    private long _lastStartNs;

    public IlpBenchConnection(IlpFeederOptions options, int number)
    {
        var names = new GridNames();
        _market = new SyntheticMarket(
            new SyntheticMarketOptions
            {
                Start = new UnixNanos(0),
                Instruments = options.InstrumentsOfOne,
                Seed = options.Seed + (ulong)number,
                SymbolPrefix = IlpFeederOptions.Prefix(number),
                SpacingNs = 50,
            },
            (kind, name) => names[kind].GetOrAdd(name));
        var events = new MarketEvent[options.Rows];
        for (var i = 0; i < options.Requests; i++)
        {
            var count = 0;
            while (count < events.Length)
            {
                _market.Next(out events[count++]);
            }

            _bodies.Add(IlpBenchBody.Of(events, names, options.Server));
        }

        // What is still held back makes the last request of a round.
        var rest = new List<MarketEvent>();
        while (_market.TryDrain(out var e))
        {
            rest.Add(e);
        }

        if (rest.Count > 0)
        {
            _bodies.Add(IlpBenchBody.Of(rest.ToArray(), names, options.Server));
        }

        _sequencesOfRound = (ulong)(_market.Given - _market.Duplicates);
        _socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _socket.Connect(IPEndPoint.Parse(options.Server));
    }

    public LatencyHistogram Latencies { get; } = new();

    public long Rounds { get; private set; }

    public long Rows => Rounds * _market.Given;

    public long Duplicates => Rounds * _market.Duplicates;

    public long Requests => Rounds * _bodies.Count;

    public long BodyBytes => Rounds * _bodies.Sum(b => (long)b.BodyBytes);

    public long FirstNs { get; private set; }

    public long LastNs => _lastStartNs + _market.Now.Value;

    public long Accepted { get; private set; }

    public long Flagged { get; private set; }

    public long Duplicate { get; private set; }

    public long Rejected { get; private set; }

    /// <summary>What must be known of the instruments after all rounds: the last round has the newest prices, all count.</summary>
    public IEnumerable<ExpectedInstrument> Expected
    {
        get
        {
            foreach (var once in _market.Expected.ToArray())
            {
                var expected = once;
                expected.Trades *= Rounds;
                expected.Quotes *= Rounds;
                expected.VolumeUnits *= Rounds;
                expected.LastTime = new UnixNanos(_lastStartNs + once.LastTime.Value);
                yield return expected;
            }
        }
    }

    /// <summary>Sends rounds until the time is over.</summary>
    /// <exception cref="CommandFailure">An answer is not 204.</exception>
    public void Run(long startedAt, double seconds)
    {
        while (Stopwatch.GetElapsedTime(startedAt).TotalSeconds < seconds)
        {
            _lastStartNs = Math.Max(UnixNanos.From(TimeProvider.System.GetUtcNow()).Value, LastNs + 1);
            FirstNs = Rounds == 0 ? _lastStartNs : FirstNs;
            foreach (var body in _bodies)
            {
                body.Stamp((ulong)Rounds * _sequencesOfRound, _lastStartNs);
                var sentAt = Stopwatch.GetTimestamp();
                Send(body.Request);
                Receive();
                Latencies.Add((long)Stopwatch.GetElapsedTime(sentAt).TotalNanoseconds);
            }

            Rounds++;
        }
    }

    public void Dispose() => _socket.Dispose();

    private void Send(ReadOnlySpan<byte> request)
    {
        while (!request.IsEmpty)
        {
            request = request[_socket.Send(request)..];
        }
    }

    private void Receive()
    {
        var filled = 0;
        int end;
        while ((end = _answer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8)) < 0)
        {
            var received = filled < _answer.Length ? _socket.Receive(_answer.AsSpan(filled)) : 0;
            filled += received > 0 ? received : throw new CommandFailure("the server closed a connection, or sent an answer of more than 64 KB");
        }

        var head = _answer.AsSpan(0, end + 2);
        if (!head.StartsWith("HTTP/1.1 204 "u8))
        {
            throw new CommandFailure($"the server answers '{Encoding.UTF8.GetString(_answer.AsSpan(0, filled))}'");
        }

        Accepted += Header(head, "\r\nGrid-Accepted: "u8);
        Flagged += Header(head, "\r\nGrid-Flagged: "u8);
        Duplicate += Header(head, "\r\nGrid-Duplicate: "u8);
        Rejected += Header(head, "\r\nGrid-Rejected: "u8);
    }

    private static long Header(ReadOnlySpan<byte> head, ReadOnlySpan<byte> name)
    {
        var at = head.IndexOf(name);
        return at >= 0 && System.Buffers.Text.Utf8Parser.TryParse(head[(at + name.Length)..], out long value, out _)
            ? value
            : throw new CommandFailure($"the server's answer has no header{Encoding.ASCII.GetString(name).TrimEnd()}");
    }
}
