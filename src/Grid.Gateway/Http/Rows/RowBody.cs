using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Grid.Domain.Identifiers;
using Microsoft.AspNetCore.Http;

namespace Grid.Gateway.Http.Rows;

/// <summary>
/// Writes rows in any format, cell by cell in the order of their columns, straight into bytes: nothing is allocated for a
/// row. Decimals are plain and exact: in JSON they are strings, so that no reader rounds them.
/// </summary>
/// <remarks>A body that fits one buffer is sent with its length, a longer one in chunks as it grows.</remarks>
internal sealed class RowBody : IDisposable
{
    private const int FlushBytes = 64 << 10;

    // The longest cell but for names and texts: a sum of 128 bits.
    private const int CellBytesMax = 64;

    private readonly HttpContext _context;
    private readonly RowFormat _format;
    private readonly RowShape _shape;
    private readonly bool _isArray;
    private readonly bool _isWithin;

    // One for each column, as the times of one column follow each other.
    private readonly TimeText[] _times;

    // _buffer[0.._length) is not sent yet; _column is the next cell's.
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FlushBytes + (16 << 10));
    private int _length;
    private int _column;
    private bool _isAnyRow;
    private bool _isAnySent;

    /// <summary>A body of rows, or where <paramref name="isOne"/> says so of one row, which in JSON is an object and no array.</summary>
    /// <param name="context">The request.</param>
    /// <param name="format">How rows are written.</param>
    /// <param name="shape">Their columns.</param>
    /// <param name="isOne">True for one row.</param>
    /// <param name="opening">What comes before the array, which then is the last property of a JSON object.</param>
    public RowBody(HttpContext context, RowFormat format, RowShape shape, bool isOne = false, ReadOnlyMemory<byte> opening = default)
    {
        _context = context;
        _format = format;
        _shape = shape;
        _isArray = format == RowFormat.Json && !isOne;
        _isWithin = !opening.IsEmpty;
        _times = new TimeText[shape.Columns.Count];
        context.Response.ContentType = format switch
        {
            RowFormat.Csv => "text/csv; charset=utf-8",
            RowFormat.Ndjson => "application/x-ndjson",
            _ => "application/json",
        };
        Reserve(opening.Length + shape.Header.Length);
        Put(opening.Span);
        Put(format == RowFormat.Csv ? shape.Header : _isArray ? "["u8 : []);
    }

    private bool IsCsv => _format == RowFormat.Csv;

    /// <summary>Nothing: null in JSON, empty in CSV.</summary>
    public void Null()
    {
        Begin(CellBytesMax);
        Put(IsCsv ? [] : "null"u8);
    }

    /// <summary>Several cells of nothing.</summary>
    public void Nulls(int count)
    {
        for (; count > 0; count--)
        {
            Null();
        }
    }

    /// <summary>A name: printable ASCII.</summary>
    public void Name(ReadOnlySpan<byte> name)
    {
        // At worst each character is written as two, between quotes.
        Begin((2 * name.Length) + 2);
        if (!IsCsv)
        {
            PutQuoted(name, (byte)'\\');
        }
        else if (name.ContainsAny((byte)',', (byte)'"'))
        {
            PutQuoted(name, (byte)'"');
        }
        else
        {
            Put(name);
        }
    }

    /// <summary>Any text, or nothing.</summary>
    public void Text(string? text)
    {
        if (text is null)
        {
            Null();
        }
        else if (IsCsv)
        {
            var quoted = text.AsSpan().ContainsAny(",\"\n\r") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
            var bytes = Encoding.UTF8.GetBytes(quoted);
            Begin(bytes.Length);
            Put(bytes);
        }
        else
        {
            var encoded = JsonEncodedText.Encode(text).EncodedUtf8Bytes;
            Begin(encoded.Length + 2);
            Put("\""u8);
            Put(encoded);
            Put("\""u8);
        }
    }

    /// <summary>An exact decimal.</summary>
    public void Decimal(long value, int scale)
    {
        Begin(CellBytesMax);
        Quote();
        _length += FixedPoint.Format(value, scale, _buffer.AsSpan(_length));
        Quote();
    }

    public void Price(Price price) => Decimal(price.Raw, Domain.Identifiers.Price.Scale);

    public void Size(Quantity size) => Decimal(size.Raw, Quantity.Scale);

    /// <summary>An exact decimal of any size.</summary>
    public void Wide(Int128 value, int scale)
    {
        if (value == (long)value)
        {
            Decimal((long)value, scale);
            return;
        }

        Begin(CellBytesMax);
        Quote();
        _length += Encoding.ASCII.GetBytes(WideDecimal.Text(value, scale), _buffer.AsSpan(_length));
        Quote();
    }

    public void Time(UnixNanos time)
    {
        var column = _column;
        Begin(CellBytesMax);
        Quote();
        _times[column].Write(time, _buffer.AsSpan(_length));
        _length += TimeText.Length;
        Quote();
    }

    public void Number(ulong number)
    {
        Begin(CellBytesMax);
        Utf8Formatter.TryFormat(number, _buffer.AsSpan(_length), out var written);
        _length += written;
    }

    public void Number(long number)
    {
        Begin(CellBytesMax);
        Utf8Formatter.TryFormat(number, _buffer.AsSpan(_length), out var written);
        _length += written;
    }

    public void Flag(bool flag)
    {
        Begin(CellBytesMax);
        Put(flag ? "true"u8 : "false"u8);
    }

    /// <summary>Ends the row, and sends what has gathered if that is enough.</summary>
    public ValueTask EndRowAsync()
    {
        if (_column != _shape.Columns.Count)
        {
            throw new InvalidOperationException($"a row of {_shape.Columns.Count} columns ends after {_column} cells");
        }

        Reserve(2);
        Put(IsCsv ? "\n"u8 : _format == RowFormat.Ndjson ? "}\n"u8 : "}"u8);
        _column = 0;
        _isAnyRow = true;
        return _length < FlushBytes ? ValueTask.CompletedTask : SendAsync();
    }

    /// <summary>Ends the body.</summary>
    public ValueTask EndAsync()
    {
        Reserve(2);
        Put(_isArray ? "]"u8 : []);
        Put(_isWithin ? "}"u8 : []);
        if (!_isAnySent)
        {
            _context.Response.ContentLength = _length;
        }

        return SendAsync();
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private async ValueTask SendAsync()
    {
        _isAnySent = true;
        await OffSocketThread.ThenAsync(_context.Response.BodyWriter.WriteAsync(_buffer.AsMemory(0, _length), _context.RequestAborted)).ConfigureAwait(false);
        _length = 0;
    }

    // Writes what stands before the cell, and makes room for the cell and for the end of the body.
    private void Begin(int cellBytes)
    {
        if (IsCsv)
        {
            Reserve(cellBytes + 4);
            Put(_column == 0 ? [] : ","u8);
        }
        else
        {
            var before = _shape.BeforeJson(_column);
            Reserve(before.Length + cellBytes + 5);
            Put(_column == 0 && _isArray && _isAnyRow ? ","u8 : []);
            Put(before);
        }

        _column++;
    }

    private void Reserve(int bytes)
    {
        if (_length + bytes > _buffer.Length)
        {
            var grown = ArrayPool<byte>.Shared.Rent(_length + bytes + FlushBytes);
            _buffer.AsSpan(0, _length).CopyTo(grown);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = grown;
        }
    }

    private void Quote()
    {
        if (!IsCsv)
        {
            _buffer[_length++] = (byte)'"';
        }
    }

    private void PutQuoted(ReadOnlySpan<byte> name, byte escape)
    {
        _buffer[_length++] = (byte)'"';
        foreach (var c in name)
        {
            // CSV doubles quotes; JSON escapes them, and the backslash.
            if (c == (byte)'"' || c == escape)
            {
                _buffer[_length++] = escape;
            }

            _buffer[_length++] = c;
        }

        _buffer[_length++] = (byte)'"';
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_buffer.AsSpan(_length));
        _length += bytes.Length;
    }
}
