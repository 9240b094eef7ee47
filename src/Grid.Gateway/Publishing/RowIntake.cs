using System.Text;
using Grid.Domain;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Gateway.Rows;

namespace Grid.Gateway.Publishing;

/// <summary>Turns the bytes of one body or connection into events of publications, and keeps what was wrong with them.</summary>
internal sealed class RowIntake
{
    private readonly RowReader _reader;
    private readonly RowScanner _scanner;
    private readonly EventRow _row;
    private readonly Action<PlacedFault> _onFault;
    private readonly int _rowBytesMax;

    // Of the row at hand: its source, if that may not be written.
    private string? _forbidden;

    /// <param name="reader">The format.</param>
    /// <param name="defaultSource">The source of rows that name none.</param>
    /// <param name="rowBytesMax">Longest row.</param>
    /// <param name="onFault">Is told of each row that is malformed or may not be written.</param>
    public RowIntake(RowReader reader, string defaultSource, int rowBytesMax, Action<PlacedFault> onFault)
    {
        _reader = reader;
        _rowBytesMax = rowBytesMax;
        _onFault = onFault;
        _scanner = new RowScanner(reader, rowBytesMax);
        _row = new EventRow(defaultSource, Number);
    }

    /// <summary>Where events go. It may change between two calls.</summary>
    public Publication? Target { get; set; }

    /// <summary>True if the rest cannot be understood.</summary>
    public bool IsOver { get; private set; }

    /// <summary>True if a row has begun and not ended.</summary>
    public bool IsInRow => _scanner.IsInRow;

    /// <summary>Takes bytes in until the publication is full, and tells how many.</summary>
    public int Consume(ReadOnlySpan<byte> data)
    {
        var rest = data;
        while (!IsOver && _scanner.TryTake(ref rest, isLast: false, out var row))
        {
            Take(row);
            if (Target!.IsFull)
            {
                break;
            }
        }

        return IsOver ? data.Length : data.Length - rest.Length;
    }

    /// <summary>Takes the last row, which needs no end; false if the publication is full before all is done.</summary>
    public bool TryFinish()
    {
        ReadOnlySpan<byte> none = default;
        while (!IsOver && _scanner.TryTake(ref none, isLast: true, out var row))
        {
            Take(row);
            if (Target!.IsFull)
            {
                return false;
            }
        }

        if (!IsOver && _reader.End() is { } fault)
        {
            Fault(fault);
        }

        return true;
    }

    private void Take(ReadOnlySpan<byte> text)
    {
        if (_scanner.IsCut)
        {
            IsOver = _reader is JsonItems;
            Fault(new RowFault($"the row '{RowFault.Shown(text)}…' has more than {_rowBytesMax} bytes", Rule: $"at most {_rowBytesMax} bytes"));
            return;
        }

        _forbidden = null;
        var kind = _reader.Read(text, _row, out var fault);
        if (kind == RowKind.Event && _forbidden is not null)
        {
            Fault(Target!.MayNotWrite(_forbidden));
        }
        else if (kind == RowKind.Event)
        {
            Add();
        }
        else if (fault is not null)
        {
            IsOver = kind == RowKind.Fatal;
            Fault(fault);
        }
    }

    private int Number(NameKind kind, ReadOnlySpan<byte> name)
    {
        if (kind == NameKind.Source && !Target!.MayWrite(name))
        {
            _forbidden = Encoding.ASCII.GetString(name);
            return 0;
        }

        return Target!.NumberOf(kind, name);
    }

    private void Add()
    {
        if (_row.Event.Kind == EventKind.Run)
        {
            Target!.Add(in _row.Event, _row.Run);
        }
        else
        {
            Target!.Add(in _row.Event);
        }
    }

    private void Fault(RowFault fault) =>
        _onFault(new PlacedFault(_scanner.Line, _scanner.Offset + (fault.Column ?? 1) - 1, (_reader as JsonItems)?.Items, fault));
}

/// <summary>What is wrong with a row, and where.</summary>
/// <param name="Line">Line at which the row begins, from 1.</param>
/// <param name="Offset">Byte of the body, from 0: of the place if that is known, else of the row's beginning.</param>
/// <param name="Item">Of a JSON array: the item, from 1.</param>
/// <param name="Fault">What is wrong.</param>
internal sealed record PlacedFault(long Line, long Offset, long? Item, RowFault Fault)
{
    /// <summary>Place and clause.</summary>
    public override string ToString()
    {
        var place = Item is { } item ? $"item {item}" : $"line {Line}";
        return Fault.Column is { } column ? $"{place}, column {column}: {Fault.Message}" : $"{place}: {Fault.Message}";
    }
}

/// <summary>The refused rows of one body: the first ones each, the others by number.</summary>
internal sealed class RowFaults
{
    private readonly List<PlacedFault> _shown = [];
    private long _forbidden;

    /// <summary>All of them.</summary>
    public long Count { get; private set; }

    /// <summary>
    /// What they are, taken together: forbidden if all are, and nothing was taken. Clients send again whole what is forbidden, which
    /// must not send twice what was taken.
    /// </summary>
    public GridErrorCode CodeIf(long taken) => taken == 0 && Count > 0 && _forbidden == Count ? GridErrorCode.Forbidden : GridErrorCode.Malformed;

    /// <summary>The first ones.</summary>
    public IReadOnlyList<PlacedFault> Shown => _shown;

    public void Add(PlacedFault fault)
    {
        Count++;
        _forbidden += fault.Fault.Code == GridErrorCode.Forbidden ? 1 : 0;
        if (_shown.Count < GridLimits.RowFaultsShownMax)
        {
            _shown.Add(fault);
        }
    }
}
