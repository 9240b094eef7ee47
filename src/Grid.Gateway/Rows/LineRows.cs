using System.Text;
using System.Text.Unicode;

namespace Grid.Gateway.Rows;

/// <summary>Rows that are lines of text.</summary>
public abstract class LineRows : RowReader
{
    /// <inheritdoc/>
    public override int FindEnd(ReadOnlySpan<byte> data) => data.IndexOf((byte)'\n') + 1;

    /// <summary>What is wrong with the bytes, before it is asked what they say.</summary>
    protected static RowFault? CheckText(ReadOnlySpan<byte> line) => Utf8.IsValid(line) ? null : NotUtf8(line);

    private static RowFault NotUtf8(ReadOnlySpan<byte> line)
    {
        var at = 0;
        while (Rune.DecodeFromUtf8(line[at..], out _, out var length) == System.Buffers.OperationStatus.Done)
        {
            at += length;
        }

        return new RowFault($"byte 0x{line[at]:X2} is no UTF-8", Rule: "UTF-8") { Column = at + 1 };
    }
}

/// <summary>Lines of CSV with a header (<see cref="CsvRows"/>).</summary>
public sealed class CsvLines : LineRows
{
    private readonly CsvRows _rows = new();
    private bool _hasBegun;

    /// <inheritdoc/>
    public override RowKind Read(ReadOnlySpan<byte> text, EventRow row, out RowFault? fault)
    {
        var line = WithoutEnd(text);
        fault = CheckText(line);
        if (!_hasBegun)
        {
            _hasBegun = true;
            fault ??= _rows.Begin(line) is { } wrong ? wrong with { Message = $"the header has {wrong.Message}" } : null;
            return fault is null ? RowKind.Nothing : RowKind.Fatal;
        }

        if (line.IsEmpty)
        {
            return RowKind.Nothing;
        }

        row.Clear();
        return Finish(fault ?? _rows.Parse(line, row), row, out fault);
    }

    /// <inheritdoc/>
    public override RowFault? End() => _hasBegun ? null : new RowFault("the body is empty; its first line must name the columns");
}

/// <summary>Lines that are JSON objects (<see cref="JsonRows"/>).</summary>
public sealed class JsonLines : LineRows
{
    private readonly JsonRows _rows = new();

    /// <inheritdoc/>
    public override RowKind Read(ReadOnlySpan<byte> text, EventRow row, out RowFault? fault)
    {
        fault = null;
        var line = WithoutEnd(text);
        if (line.Trim(" \t"u8).IsEmpty)
        {
            return RowKind.Nothing;
        }

        row.Clear();
        return Finish(CheckText(line) ?? _rows.Parse(line, row), row, out fault);
    }
}
