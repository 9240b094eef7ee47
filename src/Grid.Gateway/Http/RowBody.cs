using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Grid.Gateway.Http;

/// <summary>How rows are written.</summary>
internal enum RowFormat
{
    /// <summary>One JSON array of objects.</summary>
    Json,

    /// <summary>RFC 4180 with a header.</summary>
    Csv,

    /// <summary>A JSON object a line.</summary>
    Ndjson,
}

/// <summary>Writes rows of named columns in any format. Decimals are plain and exact: JSON strings, so that no reader rounds them.</summary>
internal sealed class RowBody : IDisposable
{
    private const int FlushBytes = 64 << 10;

    private readonly HttpContext _context;
    private readonly RowFormat _format;
    private readonly string[] _columns;
    private readonly ArrayBufferWriter<byte> _buffer = new(FlushBytes + 4096);
    private readonly Utf8JsonWriter _json;
    private bool _isFirst = true;

    public RowBody(HttpContext context, RowFormat format, params string[] columns)
    {
        _context = context;
        _format = format;
        _columns = columns;
        _json = new Utf8JsonWriter(_buffer);
        context.Response.ContentType = format switch
        {
            RowFormat.Csv => "text/csv; charset=utf-8",
            RowFormat.Ndjson => "application/x-ndjson",
            _ => "application/json",
        };
        if (format == RowFormat.Csv)
        {
            Text(string.Join(',', columns));
            Text("\n");
        }
        else if (format == RowFormat.Json)
        {
            Text("[");
        }
    }

    /// <summary>Writes one row: text, whole numbers or null, in the order of the columns.</summary>
    public async ValueTask AddAsync(params object?[] cells)
    {
        if (_format == RowFormat.Csv)
        {
            AddCsv(cells);
        }
        else
        {
            AddJson(cells);
        }

        _isFirst = false;
        if (_buffer.WrittenCount >= FlushBytes)
        {
            await FlushAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Ends the body.</summary>
    public async ValueTask EndAsync()
    {
        if (_format == RowFormat.Json)
        {
            Text("]");
        }

        await FlushAsync().ConfigureAwait(false);
    }

    public void Dispose() => _json.Dispose();

    private void AddCsv(object?[] cells)
    {
        for (var i = 0; i < cells.Length; i++)
        {
            Text(i == 0 ? string.Empty : ",");
            var text = Convert.ToString(cells[i], CultureInfo.InvariantCulture) ?? string.Empty;
            Text(text.AsSpan().ContainsAny(",\"\n\r") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text);
        }

        Text("\n");
    }

    private void AddJson(object?[] cells)
    {
        Text(_format == RowFormat.Json && !_isFirst ? "," : string.Empty);
        _json.Reset();
        _json.WriteStartObject();
        for (var i = 0; i < cells.Length; i++)
        {
            switch (cells[i])
            {
                case null:
                    _json.WriteNull(_columns[i]);
                    break;
                case string text:
                    _json.WriteString(_columns[i], text);
                    break;
                case bool flag:
                    _json.WriteBoolean(_columns[i], flag);
                    break;
                case ulong number:
                    _json.WriteNumber(_columns[i], number);
                    break;
                default:
                    _json.WriteNumber(_columns[i], Convert.ToInt64(cells[i], CultureInfo.InvariantCulture));
                    break;
            }
        }

        _json.WriteEndObject();
        _json.Flush();
        Text(_format == RowFormat.Ndjson ? "\n" : string.Empty);
    }

    private void Text(string text)
    {
        var bytes = _buffer.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length));
        _buffer.Advance(Encoding.UTF8.GetBytes(text, bytes));
    }

    private async ValueTask FlushAsync()
    {
        await _context.Response.BodyWriter.WriteAsync(_buffer.WrittenMemory, _context.RequestAborted).ConfigureAwait(false);
        _buffer.ResetWrittenCount();
    }
}
