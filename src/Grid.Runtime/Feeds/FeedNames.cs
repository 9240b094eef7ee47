using Grid.Domain;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;

namespace Grid.Runtime.Feeds;

/// <summary>
/// A producer's numbers of names of all kinds as this process's. A name that is only announced takes no number of this process:
/// it gets one with the first batch that is whole and uses it.
/// </summary>
internal sealed class FeedNames(GridNames names, int instrumentsMax = GridLimits.InstrumentsMax)
{
    private readonly NameMap[] _maps = [new(), new(), new(), new()];

    // The producer's own numbers, for a first reading: each number is its own name. Shared, and only ever replaced by longer ones.
    private static int[] _same = [0];

    /// <summary>Names announced of a kind, the empty one included.</summary>
    public int Count(NameKind kind) => _maps[(int)kind].Count;

    /// <summary>Announces the next name of a kind.</summary>
    public void Announce(NameKind kind, ReadOnlySpan<byte> name)
    {
        var known = names[kind].Find(name);
        if (known > 0)
        {
            _maps[(int)kind].Add(known);
        }
        else
        {
            _maps[(int)kind].AddPending(name);
        }
    }

    /// <summary>Announces a source that no event may use before <see cref="Declare"/>.</summary>
    public void AnnounceUndeclared() => _maps[(int)NameKind.Source].Add(0);

    /// <summary>Gives an announced source its number.</summary>
    public void Declare(int number, SourceId source) => _maps[(int)NameKind.Source].Set(number, source.Value);

    /// <summary>Fills a batch from a payload; a fault and its row likewise as from <see cref="EventBatchDecoder.Decode"/>.</summary>
    /// <exception cref="GridException">TooLarge: a name is new and there are too many.</exception>
    public BatchFault Decode(ReadOnlySpan<byte> payload, UnixNanos receivedAt, EventBatch batch, out int faultRow)
    {
        var fault = EventBatchDecoder.Decode(payload, Maps(), receivedAt, batch, out faultRow);
        return fault == BatchFault.Name && _maps.Any(m => m.Pending > 0) ? DecodeNew(payload, receivedAt, batch, out faultRow) : fault;
    }

    // Twice: first to see that all of it can be read and which names it uses.
    private BatchFault DecodeNew(ReadOnlySpan<byte> payload, UnixNanos receivedAt, EventBatch batch, out int faultRow)
    {
        var fault = EventBatchDecoder.Decode(payload, Same(), receivedAt, batch, out faultRow);
        if (fault != BatchFault.None)
        {
            return fault;
        }

        for (faultRow = 0; faultRow < batch.Count; faultRow++)
        {
            if (!_maps[(int)NameKind.Source].IsAnnounced(batch.Events[faultRow].Source.Value))
            {
                batch.Clear();
                return BatchFault.Name;
            }
        }

        foreach (ref readonly var e in batch.Events)
        {
            Intern(NameKind.Instrument, (int)e.Instrument.Value, instrumentsMax);
            Intern(NameKind.Source, e.Source.Value, GridLimits.SourcesMax);
            Intern(NameKind.Venue, e.Venue.Value, GridLimits.VenuesMax);
            Intern(NameKind.Channel, (int)e.Channel.Value, GridLimits.ChannelsMax);
        }

        return EventBatchDecoder.Decode(payload, Maps(), receivedAt, batch, out faultRow);
    }

    private void Intern(NameKind kind, int number, int countMax)
    {
        var map = _maps[(int)kind];
        if (map.PendingName(number) is not { } name)
        {
            return;
        }

        // Feeds that ask at the same time may go over the limit by one each; the table's own limit holds exactly.
        if (names[kind].Count > countMax && names[kind].Find(name) < 0)
        {
            throw Full(kind, number, name, countMax);
        }

        try
        {
            map.Set(number, names[kind].GetOrAdd(name));
        }
        catch (ArgumentException)
        {
            throw Full(kind, number, name, countMax);
        }
    }

    private static GridException Full(NameKind kind, int number, byte[] name, int countMax) => new(
        GridErrorCode.TooLarge,
        $"{kind} '{System.Text.Encoding.ASCII.GetString(name)}' (number {number}) is new, and the grid holds its limit of {countMax} names of that kind; the batch is not taken");

    private NameMaps Maps() => new(_maps[0].Span, _maps[1].Span, _maps[2].Span, _maps[3].Span);

    private NameMaps Same()
    {
        var longest = _maps.Max(m => m.Count);
        var same = _same;
        if (same.Length < longest)
        {
            _same = same = [.. Enumerable.Range(0, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)longest))];
        }

        return new(same.AsSpan(0, _maps[0].Count), same.AsSpan(0, _maps[1].Count), same.AsSpan(0, _maps[2].Count), same.AsSpan(0, _maps[3].Count));
    }
}
