using System.Text.Json;
using System.Text.RegularExpressions;

namespace Grid.Cli.Settings;

/// <summary>On which line of a JSON file each option stands, so that a fault can name its place.</summary>
internal sealed partial class ConfigurationLines
{
    private readonly Dictionary<string, int> _lines = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _empty = [];

    /// <summary>Options whose value is null or an object without anything in it.</summary>
    public IReadOnlyList<string> Empty => _empty;

    /// <summary>Reads a file that is known to be JSON, with comments and trailing commas.</summary>
    public static ConfigurationLines Of(byte[] json)
    {
        var lines = new ConfigurationLines();
        lines.Read(json.AsSpan().StartsWith("\uFEFF"u8) ? json.AsSpan(3) : json);
        return lines;
    }

    /// <summary>A fault with the line of the option that it names, if the file has that option.</summary>
    public string Placed(string fault)
    {
        var words = Words().Matches(fault).Select(w => w.Value).ToList();
        var option = words
            .SelectMany(word => _lines.Keys.Where(o => o.Equals(word, StringComparison.Ordinal) || o.EndsWith($":{word}", StringComparison.Ordinal)))
            .OrderByDescending(o => words.Contains(o.Split(':')[0], StringComparer.OrdinalIgnoreCase))
            .ThenByDescending(o => o.Count(c => c == ':'))
            .FirstOrDefault();
        return option is null ? fault : $"{fault} (line {_lines[option]}, {option})";
    }

    private void Read(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        var path = new Stack<string>();
        var option = string.Empty;
        var before = JsonTokenType.None;
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    option = string.Join(':', path.Reverse().Where(p => p.Length > 0).Append(reader.GetString()!));
                    _lines[option] = 1 + json[..(int)reader.TokenStartIndex].Count((byte)'\n');
                    break;
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    path.Push(before == JsonTokenType.PropertyName ? option[(option.LastIndexOf(':') + 1)..] : string.Empty);
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    NoteEmpty(before == JsonTokenType.StartObject && path.Peek().Length > 0, option);
                    path.Pop();
                    break;
                default:
                    NoteEmpty(reader.TokenType == JsonTokenType.Null && before == JsonTokenType.PropertyName, option);
                    break;
            }

            before = reader.TokenType;
        }
    }

    private void NoteEmpty(bool isEmpty, string option)
    {
        if (isEmpty)
        {
            _empty.Add(option);
        }
    }

    [GeneratedRegex("[A-Za-z][A-Za-z0-9:]*[A-Za-z0-9]", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Words();
}
