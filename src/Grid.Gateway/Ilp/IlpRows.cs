using System.Buffers.Text;
using System.Runtime.CompilerServices;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Gateway.Rows;

namespace Grid.Gateway.Ilp;

/// <summary>Reads lines of line protocol as events. Allocates nothing for a line that is right. Used by one caller at a time.</summary>
public sealed class IlpRows : LineRows
{
    private readonly IlpMapping _mapping;
    private readonly TimeProvider _time;
    private readonly long _unitNs;
    private readonly bool _requiresTime;
    private byte[] _scratch = [];
    private bool _holdsLineEnds;
    private bool _isBinary;

    // Lines of one measurement mostly have the same columns in the same order: what was found last is looked at first.
    private IlpGuesses[] _guesses = [];
    private IlpGuesses? _last;

    /// <param name="mapping">What measurements and columns are.</param>
    /// <param name="unitNs">The unit of times that do not say theirs, see <see cref="IlpPrecision"/>.</param>
    /// <param name="time">The clock, for lines without a time.</param>
    /// <param name="requiresTime">True to refuse lines without a time.</param>
    public IlpRows(IlpMapping mapping, long unitNs, TimeProvider time, bool requiresTime = false)
    {
        _mapping = mapping;
        _unitNs = unitNs;
        _time = time;
        _requiresTime = requiresTime;
    }

    /// <inheritdoc/>
    public override bool HoldsLineEnds => _holdsLineEnds && !_isBinary;

    /// <inheritdoc/>
    public override int FindEnd(ReadOnlySpan<byte> data)
    {
        _holdsLineEnds = false;
        _isBinary = false;
        var stop = data.IndexOfAny((byte)'\n', (byte)'"', (byte)'\\');
        if (stop < 0)
        {
            return 0;
        }

        if (data[stop] == '\n' && data[..stop].IndexOf("=="u8) < 0)
        {
            return stop + 1;
        }

        _holdsLineEnds = true;
        return IlpLineEnd.Find(data, out _isBinary);
    }

    /// <inheritdoc/>
    public override RowKind Read(ReadOnlySpan<byte> text, EventRow row, out RowFault? fault)
    {
        var line = WithoutEnd(text);
        line = line.TrimStart((byte)' ');
        if (line.IsEmpty || line[0] == '#')
        {
            fault = null;
            return RowKind.Nothing;
        }

        row.Clear();
        fault = _isBinary ? null : CheckText(line);
        return Finish(fault ?? Parse(line, row), row, out fault);
    }

    private RowFault? Parse(ReadOnlySpan<byte> text, EventRow row)
    {
        if (_scratch.Length < IlpLine.ScratchBytes(text.Length))
        {
            _scratch = new byte[IlpLine.ScratchBytes(2 * text.Length)];
        }

        var line = new IlpLine(text, _scratch);
        if (!line.TryReadMeasurement(out var name))
        {
            return Problem(in line);
        }

        var guesses = _last is { } last && name.SequenceEqual(last.Measurement.Key) ? last : Find(name);
        if (guesses is null)
        {
            return UnknownMeasurement(name);
        }

        if (guesses.Measurement.Kind != EventKind.None)
        {
            row.SetKind(guesses.Measurement.Kind);
        }

        var position = 0;
        while (line.TryReadTag(out var key, out var value))
        {
            if (!guesses.TryFind(position++, key, out var target))
            {
                return UnknownColumn("tag", key, guesses.Measurement, line.Column);
            }

            var fault = target.Column is { } column ? row.Set(column, value) : SetMark(row, target, IlpType.Text, value, key);
            if (fault is not null)
            {
                return fault with { Column = line.Column };
            }
        }

        return line.Problem is null ? ParseFields(ref line, row, guesses, position) : Problem(in line);
    }

    private RowFault? ParseFields(ref IlpLine line, EventRow row, IlpGuesses guesses, int position)
    {
        while (line.TryReadField(out var key, out var value))
        {
            if (!guesses.TryFind(position++, key, out var target))
            {
                return UnknownColumn("field", key, guesses.Measurement, line.Column);
            }

            var fault = target.Column is { } column ? Set(row, column, in value) : SetMark(row, target, value.Type, value.Text, key);
            if (fault is not null)
            {
                return fault with { Column = line.Column };
            }
        }

        if (line.Problem is not null)
        {
            return Problem(in line);
        }

        if (guesses.Measurement.Source.Length > 0 && !row.Has(EventColumn.Source))
        {
            row.Set(EventColumn.Source, guesses.Measurement.Source);
        }

        return SetTime(ref line, row);
    }

    private RowFault? SetTime(ref IlpLine line, EventRow row)
    {
        if (!line.TryReadTime(out var text))
        {
            if (_requiresTime && !row.Has(EventColumn.Time))
            {
                return new RowFault("time is missing; what may be sent again must have its times", "time") { Column = line.Column };
            }

            if (!row.Has(EventColumn.Time))
            {
                row.SetTime(UnixNanos.From(_time.GetUtcNow()));
            }

            return null;
        }

        if (row.Has(EventColumn.Time))
        {
            return new RowFault("time is given twice", "time") { Column = line.Column };
        }

        if (!TryTime(text, out var time))
        {
            return RowFault.NotA("time", text, "a whole number that fits 64 bits in nanoseconds") with { Column = line.Column };
        }

        row.SetTime(time);
        return null;
    }

    private bool TryTime(ReadOnlySpan<byte> text, out UnixNanos time)
    {
        var unitNs = _unitNs;
        if (text[^1] is (byte)'n' or (byte)'t')
        {
            unitNs = text[^1] == 'n' ? 1 : 1_000;
            text = text[..^1];
        }

        return TryTime(text, unitNs, out time);
    }

    private static bool TryTime(ReadOnlySpan<byte> text, long unitNs, out UnixNanos time)
    {
        var isWhole = Utf8Parser.TryParse(text, out long count, out var used) && used == text.Length;
        var ns = Math.BigMul(count, unitNs, out var low);
        time = new UnixNanos(low);
        return isWhole && ns == low >> 63;
    }

    private static RowFault? Set(EventRow row, EventColumn column, in IlpValue value)
    {
        if (value.Type is IlpType.Boolean or IlpType.Array)
        {
            return new RowFault($"{EventColumns.Names[(int)column]} is {(value.Type == IlpType.Array ? "an array" : "a boolean")}; it must be a number or text", EventColumns.Names[(int)column], RowFault.Shown(value.Text), "a number or text");
        }

        if (column != EventColumn.Time)
        {
            return row.Set(column, value.Text);
        }

        if (row.Has(EventColumn.Time) || value.Type == IlpType.Text)
        {
            return row.Set(column, value.Text);
        }

        if (!TryTime(value.Text, value.Type == IlpType.TimeMicros ? 1_000 : 1, out var time))
        {
            return RowFault.NotA("time", value.Text, "a whole number that fits 64 bits in nanoseconds");
        }

        row.SetTime(time);
        return null;
    }

    private static RowFault? SetMark(EventRow row, IlpTarget target, IlpType type, ReadOnlySpan<byte> text, ReadOnlySpan<byte> key)
    {
        if (target.Flag == EventFlags.None)
        {
            return null;
        }

        if (type is not (IlpType.Boolean or IlpType.Text) || !IlpBoolean.TryRead(text, out var isSet))
        {
            return RowFault.NotA(RowFault.Shown(key), text, "true or false");
        }

        row.AddFlags(isSet ? target.Flag : EventFlags.None);
        return null;
    }

    private IlpGuesses? Find(ReadOnlySpan<byte> name)
    {
        foreach (var known in _guesses)
        {
            if (name.SequenceEqual(known.Measurement.Key))
            {
                return _last = known;
            }
        }

        if (_mapping.Find(name) is not { } measurement)
        {
            return null;
        }

        _guesses = [.. _guesses, new IlpGuesses(measurement)];
        return _last = _guesses[^1];
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private RowFault UnknownMeasurement(ReadOnlySpan<byte> name) =>
        RowFault.NotA("measurement", name, $"one of {string.Join(", ", _mapping.Measurements)}") with { Column = 1 };

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static RowFault UnknownColumn(string what, ReadOnlySpan<byte> key, IlpMeasurement measurement, int column)
    {
        var shown = RowFault.Shown(key);
        return new RowFault($"measurement '{measurement.Name}' has no {what} '{shown}'; known are {string.Join(", ", measurement.Columns)}", shown) { Column = column };
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static RowFault Problem(in IlpLine line) => new(line.Problem!) { Column = line.Column };
}
