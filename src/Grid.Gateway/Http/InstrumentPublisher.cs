using System.Text;
using Grid.Domain;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Gateway.Access;
using Grid.Gateway.Publishing;

namespace Grid.Gateway.Http;

/// <summary>Publishes instrument definitions as events of the source <c>http</c>.</summary>
internal sealed class InstrumentPublisher(EventPublisher publisher, TimeProvider time)
{
    private static readonly byte[] Source = Encoding.ASCII.GetBytes("http");

    // The route needs an admin, who may write every source.
    private static readonly PublicationTerms Terms = new(Caller.Anyone, DedupPolicy.None);

    // Of two definitions of one instrument the later holds, so that no two have the same time.
    private readonly Lock _clock = new();
    private long _lastTimeNs = long.MinValue;

    /// <summary>Publishes definitions and returns when they are durable and applied.</summary>
    /// <exception cref="GridException">They may or may not be published.</exception>
    public async Task PublishAsync(IReadOnlyList<KeyValuePair<string, InstrumentDefinition>> definitions, CancellationToken cancel)
    {
        await using var publication = await publisher.BeginAsync(Terms, cancel).ConfigureAwait(false);
        foreach (var (symbol, definition) in definitions)
        {
            Add(publication, symbol, definition);
            if (publication.IsFull)
            {
                await publication.FlushAsync(cancel).ConfigureAwait(false);
            }
        }

        await publication.CompleteAsync(cancel).ConfigureAwait(false);
    }

    private void Add(Publication publication, string symbol, InstrumentDefinition definition)
    {
        var e = new MarketEvent
        {
            Kind = EventKind.Definition,
            Source = new SourceId((ushort)publication.NumberOf(NameKind.Source, Source)),
            Instrument = new InstrumentId((uint)publication.NumberOf(NameKind.Instrument, Encoding.ASCII.GetBytes(symbol))),
            EventTime = NextTime(),
        };
        publication.Add(in e, definition);
    }

    private UnixNanos NextTime()
    {
        lock (_clock)
        {
            _lastTimeNs = Math.Max(UnixNanos.From(time.GetUtcNow()).Value, _lastTimeNs + 1);
            return new UnixNanos(_lastTimeNs);
        }
    }
}
