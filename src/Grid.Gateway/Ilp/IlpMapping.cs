using System.Text;
using System.Text.Json;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Gateway.Rows;

namespace Grid.Gateway.Ilp;

/// <summary>
/// What measurements and their tags and fields are. Without a file, measurements are the kinds of events and columns have the
/// names of <see cref="EventColumns"/>, or <c>symbol</c>, <c>seq</c>.
/// </summary>
/// <remarks>
/// A file says it for feeds that have other names; a measurement that it names has no other columns than those it lists:
/// <code>
/// { "measurements": { "trades": { "kind": "trade", "source": "exchange", "others": "ignore",
///     "columns": { "symbol": "instrument", "amount": "size", "price": "price", "side": "ignore" } } } }
/// </code>
/// </remarks>
public sealed class IlpMapping
{
    private const string Ignore = "ignore";
    private static readonly string[] Kinds = ["trade", "quote", "run", "cancel", "correct"];

    private readonly Dictionary<string, IlpMeasurement> _measurements = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IlpMeasurement>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    private IlpMapping() => _lookup = _measurements.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The mapping that holds without a file.</summary>
    public static IlpMapping BuiltIn { get; } = MakeBuiltIn();

    /// <summary>The names of the measurements.</summary>
    public IEnumerable<string> Measurements => _measurements.Keys;

    /// <summary>Reads a file; null gives the built-in mapping.</summary>
    /// <exception cref="ArgumentException">It cannot be read, or something in it is wrong: names it.</exception>
    public static IlpMapping Load(string? path)
    {
        if (path is null)
        {
            return BuiltIn;
        }

        try
        {
            return Parse(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or FormatException)
        {
            throw new ArgumentException($"mapping '{path}': {e.Message}", e);
        }
    }

    /// <summary>Reads a mapping from JSON; it stands beside the built-in measurements.</summary>
    /// <exception cref="FormatException">Something in it is wrong: names it.</exception>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static IlpMapping Parse(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        using var document = JsonDocument.ParseValue(ref reader);
        var mapping = MakeBuiltIn();
        foreach (var (name, item) in Members(document.RootElement, "the mapping", "measurements").SelectMany(m => Members(m.Value, "measurements")))
        {
            mapping._measurements[name] = ReadMeasurement(name, item);
        }

        return mapping;
    }

    /// <summary>The measurement of a name, or null.</summary>
    internal IlpMeasurement? Find(ReadOnlySpan<byte> name)
    {
        Span<char> chars = stackalloc char[NameRules.LengthMax];
        return name.Length <= chars.Length && Encoding.UTF8.TryGetChars(name, chars, out var length) && _lookup.TryGetValue(chars[..length], out var found)
            ? found
            : null;
    }

    private static IlpMapping MakeBuiltIn()
    {
        var columns = new Dictionary<string, IlpTarget>(StringComparer.Ordinal)
        {
            ["symbol"] = IlpTarget.Of(EventColumn.Instrument),
            ["seq"] = IlpTarget.Of(EventColumn.Sequence),
        };
        foreach (var name in EventColumns.Names)
        {
            columns.Add(name, Target(name)!.Value);
        }

        foreach (var name in IlpTarget.MarkNames)
        {
            columns.Add(name, Target(name)!.Value);
        }

        var mapping = new IlpMapping();
        foreach (var kind in Kinds)
        {
            mapping._measurements.Add(kind, new IlpMeasurement(kind, KindOf(kind)!.Value, [], ignoresOthers: false, columns));
        }

        return mapping;
    }

    private static IlpMeasurement ReadMeasurement(string name, JsonElement item)
    {
        var kind = EventKind.None;
        var source = string.Empty;
        var ignoresOthers = false;
        var columns = new Dictionary<string, IlpTarget>(StringComparer.Ordinal);
        foreach (var (member, value) in Members(item, $"measurement '{name}'", "kind", "source", "others", "columns"))
        {
            if (member == "columns")
            {
                foreach (var (column, target) in Members(value, $"measurement '{name}', columns"))
                {
                    columns[column] = Target(Text(target, column)) ?? throw new FormatException(
                        $"measurement '{name}', column '{column}' is '{Text(target, column)}'; it must be {Ignore} or one of {string.Join(", ", EventColumns.Names.Concat(IlpTarget.MarkNames))}");
                }

                continue;
            }

            var text = Text(value, member);
            switch (member)
            {
                case "kind":
                    kind = KindOf(text) ?? throw new FormatException($"measurement '{name}', kind '{text}' is not {string.Join(", ", Kinds)}");
                    break;
                case "source":
                    source = NameRules.IsValid(Encoding.UTF8.GetBytes(text)) ? text : throw new FormatException($"measurement '{name}', source: {NameRules.Explain(text)}");
                    break;
                default:
                    ignoresOthers = text is Ignore or "refuse" ? text == Ignore : throw new FormatException($"measurement '{name}', others '{text}' is not {Ignore} or refuse");
                    break;
            }
        }

        return kind != EventKind.None || columns.Values.Any(t => t.Column == EventColumn.Kind)
            ? new IlpMeasurement(name, kind, Encoding.ASCII.GetBytes(source), ignoresOthers, columns)
            : throw new FormatException($"measurement '{name}' has neither a kind nor a column that says it");
    }

    private static IEnumerable<(string Name, JsonElement Value)> Members(JsonElement item, string what, params string[] known)
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException($"{what} must be an object, not {item.ValueKind}");
        }

        foreach (var member in item.EnumerateObject())
        {
            yield return known.Length == 0 || known.Contains(member.Name)
                ? (member.Name, member.Value)
                : throw new FormatException($"{what} has a member '{member.Name}'; known are {string.Join(", ", known)}");
        }
    }

    private static string Text(JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.String ? item.GetString()! : throw new FormatException($"'{name}' must be a text, not {item.ValueKind}");

    private static EventKind? KindOf(string name) => EventText.TryKind(Encoding.UTF8.GetBytes(name), out var kind) ? kind : null;

    private static IlpTarget? Target(string name)
    {
        if (name == Ignore)
        {
            return IlpTarget.Nothing;
        }

        if (EventColumns.TryFind(Encoding.UTF8.GetBytes(name), out var column))
        {
            return IlpTarget.Of(column);
        }

        var mark = Array.IndexOf(IlpTarget.MarkNames, name);
        return mark >= 0 ? IlpTarget.Mark(IlpTarget.Marks[mark]) : null;
    }
}
