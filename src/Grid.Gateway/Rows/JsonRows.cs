using System.Text.Json;

namespace Grid.Gateway.Rows;

/// <summary>
/// Reads rows that are JSON objects whose members are named as <see cref="EventColumns"/>. Numbers are taken from their text,
/// so that decimals stay exact; they may also stand in strings. Null is absent.
/// </summary>
/// <param name="noun">What one row is called in messages.</param>
public sealed class JsonRows(string noun = "line")
{
    private byte[] _unescaped = new byte[256];

    /// <summary>Sets the fields of a row from one object; gives null or what is wrong.</summary>
    public RowFault? Parse(ReadOnlySpan<byte> text, EventRow row)
    {
        try
        {
            var json = new Utf8JsonReader(text);
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
            {
                return new RowFault($"the {noun} is no JSON object");
            }

            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                if (ParseMember(ref json, row) is { } fault)
                {
                    return fault;
                }
            }

            // Reading on finds what may stand behind the object.
            return json.Read() ? new RowFault($"the {noun} has more than one JSON object") : null;
        }
        catch (JsonException e)
        {
            return new RowFault($"the {noun} is no JSON object: {e.Message}");
        }
        catch (InvalidOperationException e)
        {
            return new RowFault($"the {noun} has text that is no UTF-8: {e.Message}");
        }
    }

    private RowFault? ParseMember(ref Utf8JsonReader json, EventRow row)
    {
        var name = Text(ref json);
        if (!EventColumns.TryFind(name, out var column))
        {
            var shown = RowFault.Shown(name);
            return new RowFault($"'{shown}' is no field of an event", shown);
        }

        json.Read();
        return json.TokenType switch
        {
            JsonTokenType.Null => null,
            JsonTokenType.Number or JsonTokenType.String => row.Set(column, Text(ref json)),
            _ => new RowFault($"{EventColumns.Names[(int)column]} is neither a number nor a string", EventColumns.Names[(int)column]),
        };
    }

    private ReadOnlySpan<byte> Text(ref Utf8JsonReader json)
    {
        if (!json.ValueIsEscaped)
        {
            return json.ValueSpan;
        }

        if (_unescaped.Length < json.ValueSpan.Length)
        {
            _unescaped = new byte[json.ValueSpan.Length];
        }

        return _unescaped.AsSpan(0, json.CopyString(_unescaped));
    }
}
