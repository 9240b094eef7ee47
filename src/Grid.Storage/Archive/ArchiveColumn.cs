using Grid.Domain.Cusips;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;
using Grid.Storage.Parquet;
using Grid.Storage.Parquet.Schema;
using Grid.Storage.Parquet.Writing;

namespace Grid.Storage.Archive;

/// <summary>
/// A column of the archive's files. Names and types are the format: columns are only ever added, at the end. Prices, sizes and yields are decimals with nine digits
/// behind the point (sizes too, though eight would do: DuckDB multiplies two decimals in 64 bits as long as they have fewer than 18 behind the point together,
/// and price times size would overflow). A file in which one has more than 18 digits in all holds that column as a decimal of 38.
/// </summary>
internal sealed class ArchiveColumn
{
    private const int Scale = 9;
    private const int SizeFactor = 10;
    private const int DigitsUsual = 18;
    private const int DigitsWide = 38;
    private const int WideBytes = 16;
    private const long UsualMax = 999_999_999_999_999_999;

    private readonly ParquetField _field;
    private readonly Func<ArchiveRow, long?>? _number;
    private readonly int _factor;
    private readonly Action<ColumnBuffer, ArchiveRow, GridNames>? _append;
    private readonly ArchiveKind[] _kinds;

    private ArchiveColumn(ParquetField field, ArchiveKind[] kinds, Action<ColumnBuffer, ArchiveRow, GridNames>? append, Func<ArchiveRow, long?>? number = null, int factor = 1)
    {
        _field = field;
        _kinds = kinds;
        _append = append;
        _number = number;
        _factor = factor;
    }

    /// <summary>The columns of a kind's files, in order.</summary>
    public static IReadOnlyList<ArchiveColumn> Of(ArchiveKind kind) => Columns[(int)kind];

    /// <summary>The column for some rows.</summary>
    public ParquetField FieldFor(ReadOnlySpan<ArchiveRow> rows) => IsWideFor(rows)
        ? _field with { Type = PhysicalType.FixedLenByteArray, TypeLength = WideBytes, Logical = LogicalType.Decimal(DigitsWide, Scale) }
        : _field;

    /// <summary>Appends a row's value.</summary>
    public void Append(ColumnBuffer buffer, in ArchiveRow row, GridNames names)
    {
        if (_number is null)
        {
            _append!(buffer, row, names);
        }
        else if (_number(row) is not { } value)
        {
            buffer.AppendNull();
        }
        else if (buffer.Column.Type == PhysicalType.Int64)
        {
            buffer.Append(value * _factor);
        }
        else
        {
            Span<byte> wide = stackalloc byte[WideBytes];
            System.Buffers.Binary.BinaryPrimitives.WriteInt128BigEndian(wide, (Int128)value * _factor);
            buffer.Append(wide);
        }
    }

    private bool IsWideFor(ReadOnlySpan<ArchiveRow> rows)
    {
        if (_number is not null)
        {
            var most = UsualMax / _factor;
            foreach (ref readonly var row in rows)
            {
                if (_number(row) is { } value && (value > most || value < -most))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static readonly ArchiveKind[] All = Enum.GetValues<ArchiveKind>();
    private static readonly ArchiveKind[] Priced = [ArchiveKind.Trade, ArchiveKind.Amendment, ArchiveKind.Quarantine];
    private static readonly ArchiveKind[] Sided = [ArchiveKind.Quote, ArchiveKind.Run, ArchiveKind.Quarantine];
    private static readonly ArchiveKind[] Mixed = [ArchiveKind.Amendment, ArchiveKind.Quarantine];
    private static readonly ArchiveKind[] Runs = [ArchiveKind.Run, ArchiveKind.Quarantine];
    private static readonly ArchiveKind[] Definitions = [ArchiveKind.Definition, ArchiveKind.Quarantine];
    private static readonly ArchiveKind[] Rejected = [ArchiveKind.Quarantine];

    private static readonly ArchiveColumn[] InOrder =
    [
        Text("instrument", All, (e, names) => names.Instruments[(int)e.Instrument.Value], hasBloomFilter: true),
        new(new ParquetField("time", PhysicalType.Int64, LogicalType.TimestampNanosUtc), All, static (b, r, _) => b.Append(r.Event.EventTime.Value)),
        Text("kind", Mixed, static (e, _) => KindName(e.Kind)),
        Text("source", All, static (e, names) => names.Sources[e.Source.Value]),
        Text("channel", All, static (e, names) => names.Channels[(int)e.Channel.Value], isOptional: true),
        Text("venue", All, static (e, names) => names.Venues[e.Venue.Value], isOptional: true),
        new(Unsigned32("session"), All, static (b, r, _) => b.Append((int)r.Event.Session)),
        new(Unsigned64("sequence"), All, static (b, r, _) => b.Append((long)r.Event.Sequence)),
        new(Unsigned64("amends") with { IsOptional = true }, Mixed, static (b, r, _) => Append(b, IsAmendment(r.Event.Kind) ? r.Event.F3 : null)),
        Decimal("price", Priced, static r => HasPrice(r.Event.Kind) ? r.Event.F0 : null),
        Size("size", Priced, static r => HasPrice(r.Event.Kind) ? r.Event.F1 : null),
        Decimal("bid", Sided, static r => HasSide(r.Event, EventFlags.BidSet) ? r.Event.F0 : null),
        Size("bid_size", Sided, static r => HasSide(r.Event, EventFlags.BidSet) ? r.Event.F1 : null),
        Decimal("ask", Sided, static r => HasSide(r.Event, EventFlags.AskSet) ? r.Event.F2 : null),
        Size("ask_size", Sided, static r => HasSide(r.Event, EventFlags.AskSet) ? r.Event.F3 : null),
        Bit("bid_cleared", Sided, static r => r.Event.Has(EventFlags.BidCleared)),
        Bit("ask_cleared", Sided, static r => r.Event.Has(EventFlags.AskCleared)),
        Cusip("cusip", [ArchiveKind.Run, ArchiveKind.Definition, ArchiveKind.Quarantine], static r => r.Detail?.Run?.Cusip ?? r.Detail?.Definition?.Cusip ?? default),
        Decimal("bid_spread", Runs, static r => Known(r.Detail?.Run?.BidSpread)),
        Decimal("ask_spread", Runs, static r => Known(r.Detail?.Run?.AskSpread)),
        Decimal("bid_yield", Runs, static r => Known(r.Detail?.Run?.BidYield)),
        Decimal("ask_yield", Runs, static r => Known(r.Detail?.Run?.AskYield)),
        Cusip("benchmark", Runs, static r => r.Detail?.Run?.Benchmark ?? default),
        Words("class", static d => d.Class),
        Decimal("tick_size", Definitions, static r => r.Detail?.Definition?.TickSize.Raw),
        Size("lot_size", Definitions, static r => r.Detail?.Definition?.LotSize.Raw),
        Words("currency", static d => d.Currency),
        Words("calendar", static d => d.Calendar),
        Validity("valid_from", static d => d.ValidFrom, long.MinValue),
        Validity("valid_to", static d => d.ValidTo, long.MaxValue),
        new(Unsigned32("conditions"), All, static (b, r, _) => b.Append((int)r.Event.Conditions)),
        Bit("suspicious", All, static r => r.Event.Has(EventFlags.Suspicious)),
        new(TextField("reason", isOptional: true), All, static (b, r, _) => Append(b, ReasonName(r.Outcome.Reason))),
        new(TextField("producer"), Rejected, static (b, r, _) => b.Append(System.Text.Encoding.UTF8.GetBytes(r.Detail?.Producer ?? string.Empty))),
        new(new ParquetField("received", PhysicalType.Int64, LogicalType.TimestampNanosUtc), All, static (b, r, _) => b.Append(r.Event.ReceiveTime.Value)),
    ];

    private static readonly ArchiveColumn[][] Columns = [.. All.Select(kind => InOrder.Where(c => c._kinds.Contains(kind)).ToArray())];

    private static readonly byte[][] ReasonNames =
        [.. Enumerable.Range(0, 64).Select(r => Enum.IsDefined((RejectReason)r) ? System.Text.Encoding.ASCII.GetBytes(((RejectReason)r).ToString()) : [])];

    private delegate ReadOnlySpan<byte> NameOf(MarketEvent e, GridNames names);

    private static ArchiveColumn Text(string name, ArchiveKind[] kinds, NameOf text, bool isOptional = false, bool hasBloomFilter = false) =>
        new(TextField(name, isOptional) with { HasBloomFilter = hasBloomFilter }, kinds, isOptional
            ? (b, r, names) => Append(b, text(r.Event, names))
            : (b, r, names) => b.Append(text(r.Event, names)));

    private static ArchiveColumn Words(string name, Func<InstrumentDefinition, string> text) => new(TextField(name, isOptional: true), Definitions, (b, r, _) =>
        Append(b, r.Detail?.Definition is { } definition ? System.Text.Encoding.UTF8.GetBytes(text(definition)) : default));

    private static ArchiveColumn Cusip(string name, ArchiveKind[] kinds, Func<ArchiveRow, Cusip> value) => new(TextField(name, isOptional: true), kinds, (b, r, _) =>
    {
        var cusip = value(r);
        if (cusip.IsNone)
        {
            b.AppendNull();
            return;
        }

        Span<byte> text = stackalloc byte[Domain.Cusips.Cusip.Length];
        cusip.Write(text);
        b.Append(text);
    });

    private static ArchiveColumn Validity(string name, Func<InstrumentDefinition, UnixNanos> time, long unlimited) =>
        new(new ParquetField(name, PhysicalType.Int64, LogicalType.TimestampNanosUtc) { IsOptional = true }, Definitions, (b, r, _) =>
            Append(b, r.Detail?.Definition is { } d && time(d).Value != unlimited ? time(d).Value : null));

    private static ArchiveColumn Decimal(string name, ArchiveKind[] kinds, Func<ArchiveRow, long?> number, int factor = 1) =>
        new(new ParquetField(name, PhysicalType.Int64, LogicalType.Decimal(DigitsUsual, Scale)) { IsOptional = true }, kinds, null, number, factor);

    private static ArchiveColumn Size(string name, ArchiveKind[] kinds, Func<ArchiveRow, long?> number) => Decimal(name, kinds, number, SizeFactor);

    private static ArchiveColumn Bit(string name, ArchiveKind[] kinds, Func<ArchiveRow, bool> value) =>
        new(new ParquetField(name, PhysicalType.Boolean), kinds, (b, r, _) => b.Append(value(r)));

    private static ParquetField TextField(string name, bool isOptional = false) => new(name, PhysicalType.ByteArray, LogicalType.String) { IsOptional = isOptional };

    private static ParquetField Unsigned32(string name) => new(name, PhysicalType.Int32, LogicalType.Integer(32, isSigned: false));

    private static ParquetField Unsigned64(string name) => new(name, PhysicalType.Int64, LogicalType.Integer(64, isSigned: false));

    private static void Append(ColumnBuffer buffer, long? value)
    {
        if (value is { } known)
        {
            buffer.Append(known);
        }
        else
        {
            buffer.AppendNull();
        }
    }

    private static void Append(ColumnBuffer buffer, ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
        {
            buffer.AppendNull();
        }
        else
        {
            buffer.Append(text);
        }
    }

    private static ReadOnlySpan<byte> KindName(EventKind kind) => kind switch
    {
        EventKind.Trade => "trade"u8,
        EventKind.Quote => "quote"u8,
        EventKind.Run => "run"u8,
        EventKind.Cancel => "cancel"u8,
        EventKind.Correct => "correct"u8,
        _ => "definition"u8,
    };

    private static ReadOnlySpan<byte> ReasonName(RejectReason reason) => reason == RejectReason.None ? default : ReasonNames[(int)reason];

    private static bool IsAmendment(EventKind kind) => kind is EventKind.Cancel or EventKind.Correct;

    private static bool HasPrice(EventKind kind) => kind is EventKind.Trade or EventKind.Correct;

    private static bool HasSide(in MarketEvent e, EventFlags side) => e.Kind is EventKind.Quote or EventKind.Run && e.Has(side);

    private static long? Known(long? value) => value == RunDetail.Absent ? null : value;
}
