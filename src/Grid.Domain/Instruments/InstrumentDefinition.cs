using System.Buffers.Binary;
using System.Text;
using Grid.Domain.Cusips;
using Grid.Domain.Identifiers;

namespace Grid.Domain.Instruments;

/// <summary>
/// What an instrument is. Definitions are versioned, journaled events: of those valid at a time, the one whose event is
/// newest by event order holds.
/// </summary>
public sealed record InstrumentDefinition
{
    /// <summary>The class of an instrument that nobody defined.</summary>
    public const string DefaultClass = "default";

    private const byte Version = 1;
    private const int TextBytesMax = 64;
    private const int FixedBytes = 1 + (4 * 8) + Cusip.Length;

    /// <summary>Class: names the rules and calendar that hold, e.g. <c>equity</c>. At most 64 bytes.</summary>
    public string Class { get; init; } = DefaultClass;

    /// <summary>Smallest price step; 0 if unknown.</summary>
    public Price TickSize { get; init; }

    /// <summary>Smallest size step; 0 if unknown.</summary>
    public Quantity LotSize { get; init; }

    /// <summary>Currency of its prices, e.g. <c>USD</c>; empty if unknown. At most 64 bytes.</summary>
    public string Currency { get; init; } = string.Empty;

    /// <summary>Session calendar that overrides the class's; empty for the class's. At most 64 bytes.</summary>
    public string Calendar { get; init; } = string.Empty;

    /// <summary>CUSIP; none if it has none.</summary>
    public Cusip Cusip { get; init; }

    /// <summary>Valid from this moment.</summary>
    public UnixNanos ValidFrom { get; init; } = new(long.MinValue);

    /// <summary>Valid before this moment.</summary>
    public UnixNanos ValidTo { get; init; } = new(long.MaxValue);

    /// <summary>True if it is valid at a moment.</summary>
    public bool IsValidAt(UnixNanos time) => ValidFrom <= time && time < ValidTo;

    /// <summary>Writes the encoded form and returns its bytes: version, numbers little endian, CUSIP (zeros if none), three texts with a length byte.</summary>
    public int Write(Span<byte> target)
    {
        target[0] = Version;
        BinaryPrimitives.WriteInt64LittleEndian(target[1..], TickSize.Raw);
        BinaryPrimitives.WriteInt64LittleEndian(target[9..], LotSize.Raw);
        BinaryPrimitives.WriteInt64LittleEndian(target[17..], ValidFrom.Value);
        BinaryPrimitives.WriteInt64LittleEndian(target[25..], ValidTo.Value);
        target.Slice(33, Cusip.Length).Clear();
        if (!Cusip.IsNone)
        {
            Cusip.Write(target[33..]);
        }

        var at = FixedBytes;
        foreach (var text in (ReadOnlySpan<string>)[Class, Currency, Calendar])
        {
            var length = Encoding.UTF8.GetByteCount(text);
            if (length > TextBytesMax)
            {
                throw new ArgumentException($"definition text '{text}' has {length} bytes; at most {TextBytesMax} are allowed");
            }

            target[at++] = (byte)length;
            at += Encoding.UTF8.GetBytes(text, target[at..]);
        }

        return at;
    }

    /// <summary>Reads the encoded form; false if it is not well formed.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out InstrumentDefinition definition)
    {
        definition = Unknown;
        if (source.Length < FixedBytes + 3 || source[0] != Version)
        {
            return false;
        }

        var cusip = default(Cusip);
        if (source[33] != 0 && !Cusip.TryParse(source.Slice(33, Cusip.Length), out cusip))
        {
            return false;
        }

        var texts = new string[3];
        var at = FixedBytes;
        for (var i = 0; i < texts.Length; i++)
        {
            if (at >= source.Length || source[at] > TextBytesMax || at + 1 + source[at] > source.Length)
            {
                return false;
            }

            if (!System.Text.Unicode.Utf8.IsValid(source.Slice(at + 1, source[at])))
            {
                return false;
            }

            texts[i] = Encoding.UTF8.GetString(source.Slice(at + 1, source[at]));
            at += 1 + source[at];
        }

        definition = new InstrumentDefinition
        {
            TickSize = new Price(BinaryPrimitives.ReadInt64LittleEndian(source[1..])),
            LotSize = new Quantity(BinaryPrimitives.ReadInt64LittleEndian(source[9..])),
            ValidFrom = new UnixNanos(BinaryPrimitives.ReadInt64LittleEndian(source[17..])),
            ValidTo = new UnixNanos(BinaryPrimitives.ReadInt64LittleEndian(source[25..])),
            Cusip = cusip,
            Class = texts[0],
            Currency = texts[1],
            Calendar = texts[2],
        };
        return at == source.Length;
    }

    /// <summary>What is assumed of an instrument without a definition.</summary>
    public static InstrumentDefinition Unknown { get; } = new();
}
