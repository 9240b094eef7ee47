using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Grid.Domain;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;

namespace Grid.Runtime.Clustering;

/// <summary>
/// Events with the names that they use, as the bytes in which a batch goes to a silo and a slice to a grain: any process of
/// the cluster can read them.
/// </summary>
/// <remarks>
/// <code>
/// named events := version:u8 (1)  reserved:u8*3  names*4  payload
/// names        := count:u32  (length:u8  byte*length)*count     of instruments, sources, venues, channels; their numbers are 1 and up
/// payload      := as EventBatchEncoder has it, in these numbers
/// </code>
/// </remarks>
public static class NamedEvents
{
    internal const byte Version = 1;
    internal const int HeaderBytes = 4;

    private static readonly NameKind[] Kinds = [NameKind.Instrument, NameKind.Source, NameKind.Venue, NameKind.Channel];

    /// <summary>Fills a batch from the bytes, in the numbers of a process. On a fault the batch is empty.</summary>
    /// <param name="bytes">Named events.</param>
    /// <param name="names">The process's names; those that are new are added.</param>
    /// <param name="receivedAt">When the events were received.</param>
    /// <param name="batch">Is filled.</param>
    /// <returns>What is wrong with the bytes; null if nothing is.</returns>
    public static string? Decode(ReadOnlySpan<byte> bytes, GridNames names, UnixNanos receivedAt, EventBatch batch)
    {
        ArgumentNullException.ThrowIfNull(names);
        ArgumentNullException.ThrowIfNull(batch);
        batch.Clear();
        if (bytes.Length < HeaderBytes || bytes[0] != Version)
        {
            return bytes.IsEmpty ? "there are no bytes" : $"the version is {bytes[0]}; this program knows {Version}";
        }

        var maps = new int[Kinds.Length][];
        var at = HeaderBytes;
        foreach (var kind in Kinds)
        {
            if (ReadNames(bytes, ref at, names[kind], kind, out maps[(int)kind]) is { } fault)
            {
                return fault;
            }
        }

        var numbers = new NameMaps(
            maps[(int)NameKind.Instrument], maps[(int)NameKind.Source], maps[(int)NameKind.Venue], maps[(int)NameKind.Channel]);
        var found = EventBatchDecoder.Decode(bytes[at..], in numbers, receivedAt, batch, out var row);
        return found == BatchFault.None ? null : $"{found} at event {row}";
    }

    /// <summary>The names of a kind that stand in the bytes.</summary>
    internal static void WriteNames(ArrayBufferWriter<byte> target, NameTable names, LocalNumbers numbers)
    {
        BinaryPrimitives.WriteInt32LittleEndian(target.GetSpan(4), numbers.Met.Count);
        target.Advance(4);
        foreach (var number in numbers.Met)
        {
            var name = names[number];
            target.GetSpan(1)[0] = (byte)name.Length;
            target.Advance(1);
            target.Write(name);
        }
    }

    private static string? ReadNames(ReadOnlySpan<byte> bytes, ref int at, NameTable names, NameKind kind, out int[] map)
    {
        map = [];
        if (bytes.Length - at < 4)
        {
            return $"the bytes end before the names of kind {kind}";
        }

        var count = BinaryPrimitives.ReadInt32LittleEndian(bytes[at..]);
        at += 4;
        if (count is < 0 or > GridLimits.BatchEventsMax)
        {
            return $"{count} names of kind {kind}; there may be {GridLimits.BatchEventsMax}";
        }

        map = new int[count + 1];
        for (var i = 1; i <= count; i++)
        {
            var length = at < bytes.Length ? bytes[at] : 0;
            if (length == 0 || bytes.Length - at - 1 < length)
            {
                return $"name {i} of kind {kind} is empty or cut off";
            }

            var name = bytes.Slice(at + 1, length);
            at += 1 + length;
            map[i] = names.Find(name);
            if (map[i] < 0)
            {
                if (!NameRules.IsValid(name))
                {
                    return $"name {i} of kind {kind}: {NameRules.Explain(Encoding.UTF8.GetString(name))}";
                }

                try
                {
                    map[i] = names.GetOrAdd(name);
                }
                catch (ArgumentException full)
                {
                    return full.Message;
                }
            }
        }

        return null;
    }
}

/// <summary>Encodes named events from events in a process's numbers. Used again and again, by one caller at a time.</summary>
public sealed class NamedEventsEncoder(GridNames names)
{
    private readonly LocalNumbers _instruments = new();
    private readonly LocalNumbers _sources = new();
    private readonly LocalNumbers _venues = new();
    private readonly LocalNumbers _channels = new();
    private readonly EventBatchEncoder _rows = new(4 << 10);
    private readonly ArrayBufferWriter<byte> _target = new(4 << 10);

    /// <summary>Encodes all events of a batch.</summary>
    public byte[] Encode(EventBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        Begin();
        foreach (ref readonly var e in batch.Events)
        {
            Add(in e, batch);
        }

        return Finish();
    }

    /// <summary>Begins anew.</summary>
    internal void Begin()
    {
        _instruments.Begin();
        _sources.Begin();
        _venues.Begin();
        _channels.Begin();
        _rows.Clear();
    }

    /// <summary>Adds an event of a batch.</summary>
    internal void Add(in MarketEvent e, EventBatch batch)
    {
        var local = e;
        local.Instrument = new InstrumentId((uint)_instruments.Of((int)e.Instrument.Value));
        local.Source = new SourceId((ushort)_sources.Of(e.Source.Value));
        local.Venue = new VenueId((ushort)_venues.Of(e.Venue.Value));
        local.Channel = new ChannelId((uint)_channels.Of((int)e.Channel.Value));
        switch (e.Kind)
        {
            case EventKind.Run:
                var run = batch.Runs[e.Detail];
                _rows.Add(in local, in run);
                break;
            case EventKind.Definition:
                _rows.Add(in local, batch.Definitions[e.Detail]);
                break;
            default:
                _rows.Add(in local);
                break;
        }
    }

    /// <summary>The bytes of what was added.</summary>
    internal byte[] Finish()
    {
        _target.ResetWrittenCount();
        _target.GetSpan(NamedEvents.HeaderBytes)[..NamedEvents.HeaderBytes].Clear();
        _target.GetSpan(NamedEvents.HeaderBytes)[0] = NamedEvents.Version;
        _target.Advance(NamedEvents.HeaderBytes);
        NamedEvents.WriteNames(_target, names.Instruments, _instruments);
        NamedEvents.WriteNames(_target, names.Sources, _sources);
        NamedEvents.WriteNames(_target, names.Venues, _venues);
        NamedEvents.WriteNames(_target, names.Channels, _channels);
        _target.Write(_rows.Finish());
        return _target.WrittenSpan.ToArray();
    }
}
