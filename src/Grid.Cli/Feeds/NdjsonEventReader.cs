using System.Text.Json;

namespace Grid.Cli.Feeds;

/// <summary>
/// Reads events from files with one JSON object per line, whose members are named as <see cref="EventColumns"/>. Numbers are
/// taken from their text, so that decimals stay exact; they may also stand in strings. Null is absent.
/// </summary>
internal sealed class NdjsonEventReader : TextEventReader
{
    private const int MemberNameBytesMax = 64;

    private readonly byte[] _unescaped = new byte[LineReader.LineBytesMax];

    /// <summary>Opens the first file.</summary>
    /// <exception cref="CommandFailure">It cannot be read.</exception>
    public NdjsonEventReader(IReadOnlyList<string> paths, string defaultSource, NameNumbering numbering)
        : base(paths, defaultSource, numbering) => Start();

    protected override void BeginFile(string path, LineReader lines)
    {
    }

    protected override string? ParseLine(ReadOnlySpan<byte> line, EventRow row)
    {
        try
        {
            var json = new Utf8JsonReader(line);
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
            {
                return "the line is no JSON object";
            }

            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                if (ParseMember(ref json, row) is { } fault)
                {
                    return fault;
                }
            }

            // Reading on finds what may stand behind the object.
            return json.Read() ? "the line has more than one JSON object" : null;
        }
        catch (JsonException e)
        {
            return $"the line is no JSON object: {e.Message}";
        }
        catch (InvalidOperationException e)
        {
            return $"the line has text that is no UTF-8: {e.Message}";
        }
    }

    private string? ParseMember(ref Utf8JsonReader json, EventRow row)
    {
        var name = Text(ref json);
        if (!EventColumns.TryFind(name, out var column))
        {
            return $"'{System.Text.Encoding.UTF8.GetString(name[..Math.Min(name.Length, MemberNameBytesMax)])}' is no field of an event";
        }

        json.Read();
        return json.TokenType switch
        {
            JsonTokenType.Null => null,
            JsonTokenType.Number or JsonTokenType.String => row.Set(column, Text(ref json)),
            _ => $"{EventColumns.Names[(int)column]} is neither a number nor a string",
        };
    }

    private ReadOnlySpan<byte> Text(ref Utf8JsonReader json) =>
        json.ValueIsEscaped ? _unescaped.AsSpan(0, json.CopyString(_unescaped)) : json.ValueSpan;
}
