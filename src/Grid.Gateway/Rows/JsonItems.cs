using System.Buffers;
using System.Text;

namespace Grid.Gateway.Rows;

/// <summary>The items of one JSON array (<see cref="JsonRows"/>), each with the bracket or comma that is beside it.</summary>
public sealed class JsonItems : LineRows
{
    private static readonly SearchValues<byte> Structure = SearchValues.Create("\"[]{},"u8);

    private readonly JsonRows _rows = new("item");
    private State _state;

    private enum State
    {
        BeforeArray,
        BeforeFirstItem,
        BeforeItem,
        AfterArray,
    }

    /// <inheritdoc/>
    public override bool HoldsLineEnds => true;

    /// <summary>Items met so far.</summary>
    public long Items { get; private set; }

    /// <inheritdoc/>
    public override int FindEnd(ReadOnlySpan<byte> data) => _state switch
    {
        State.BeforeArray => data.IndexOf((byte)'[') + 1,
        State.AfterArray => data.Length,
        _ => FindItemEnd(data),
    };

    /// <inheritdoc/>
    public override RowKind Read(ReadOnlySpan<byte> text, EventRow row, out RowFault? fault)
    {
        fault = null;
        var wasFirst = _state == State.BeforeFirstItem;
        switch (_state)
        {
            case State.BeforeArray:
                text = text.StartsWith(Encoding.UTF8.Preamble) ? text[Encoding.UTF8.Preamble.Length..] : text;
                fault = Trimmed(text).SequenceEqual("["u8) ? null : new RowFault("the body is no JSON array of objects");
                _state = State.BeforeFirstItem;
                return fault is null ? RowKind.Nothing : RowKind.Fatal;
            case State.AfterArray:
                fault = Trimmed(text).IsEmpty ? null : new RowFault("something stands behind the end of the array");
                return fault is null ? RowKind.Nothing : RowKind.Fatal;
        }

        if (text[^1] is not ((byte)',' or (byte)']'))
        {
            fault = new RowFault("the array is not closed");
            return RowKind.Fatal;
        }

        _state = text[^1] == ']' ? State.AfterArray : State.BeforeItem;
        var item = Trimmed(text[..^1]);
        if (item.IsEmpty && wasFirst && _state == State.AfterArray)
        {
            return RowKind.Nothing;
        }

        Items++;
        row.Clear();
        return Finish(CheckText(item) ?? _rows.Parse(item, row), row, out fault);
    }

    /// <inheritdoc/>
    public override RowFault? End() => _state == State.AfterArray ? null
        : new RowFault(_state == State.BeforeArray ? "the body is no JSON array of objects" : "the array is not closed");

    // The item ends with a comma or the array's bracket outside of every string, object and inner array.
    private static int FindItemEnd(ReadOnlySpan<byte> data)
    {
        var depth = 0;
        var at = 0;
        while (true)
        {
            var next = data[at..].IndexOfAny(Structure);
            if (next < 0)
            {
                return 0;
            }

            at += next + 1;
            switch (data[at - 1])
            {
                case (byte)'"':
                    var length = StringLength(data[at..]);
                    if (length == 0)
                    {
                        return 0;
                    }

                    at += length;
                    break;
                case (byte)'{' or (byte)'[':
                    depth++;
                    break;
                case (byte)'}':
                    depth--;
                    break;
                case (byte)']' when depth > 0:
                    depth--;
                    break;
                case (byte)']':
                    return at;
                case (byte)',' when depth <= 0:
                    return at;
            }
        }
    }

    // With the closing quote; 0 if it has not come.
    private static int StringLength(ReadOnlySpan<byte> data)
    {
        var at = 0;
        while (true)
        {
            var next = data[at..].IndexOfAny((byte)'"', (byte)'\\');
            if (next < 0)
            {
                return 0;
            }

            at += next;
            if (data[at] == '"')
            {
                return at + 1;
            }

            at += 2;
            if (at > data.Length)
            {
                return 0;
            }
        }
    }

    private static ReadOnlySpan<byte> Trimmed(ReadOnlySpan<byte> text) => text.Trim(" \t\r\n"u8);
}
