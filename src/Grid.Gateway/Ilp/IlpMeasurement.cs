using System.Text;
using Grid.Domain.Events;
using Grid.Gateway.Rows;

namespace Grid.Gateway.Ilp;

/// <summary>What a tag or a field becomes: a column of the event, a mark that a boolean sets, or nothing.</summary>
internal readonly record struct IlpTarget(EventColumn? Column, EventFlags Flag)
{
    /// <summary>Marks that a boolean field sets.</summary>
    public static readonly EventFlags[] Marks = [EventFlags.Suspicious, EventFlags.BidCleared, EventFlags.AskCleared];

    /// <summary>Their names.</summary>
    public static readonly string[] MarkNames = ["suspicious", "bid_cleared", "ask_cleared"];

    /// <summary>What is passed over.</summary>
    public static IlpTarget Nothing => default;

    public static IlpTarget Of(EventColumn column) => new(column, EventFlags.None);

    public static IlpTarget Mark(EventFlags flag) => new(null, flag);
}

/// <summary>One measurement: the kind of its events and what its tags and fields are.</summary>
internal sealed class IlpMeasurement
{
    private readonly Dictionary<string, IlpTarget> _columns;
    private readonly Dictionary<string, IlpTarget>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    public IlpMeasurement(string name, EventKind kind, byte[] source, bool ignoresOthers, Dictionary<string, IlpTarget> columns)
    {
        Name = name;
        Kind = kind;
        Source = source;
        IgnoresOthers = ignoresOthers;
        Key = Encoding.UTF8.GetBytes(name);
        _columns = columns;
        _lookup = columns.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public string Name { get; }

    /// <summary>The name as it stands in a line.</summary>
    public byte[] Key { get; }

    /// <summary>The kind of its events; none where a column says it.</summary>
    public EventKind Kind { get; }

    /// <summary>The source of events that name none; empty for the one that holds for all.</summary>
    public byte[] Source { get; }

    /// <summary>True if a column that is not listed is passed over, and not refused.</summary>
    public bool IgnoresOthers { get; }

    /// <summary>The names of the columns.</summary>
    public IEnumerable<string> Columns => _columns.Keys;

    /// <summary>What a tag or a field is; false if it is refused.</summary>
    public bool TryFind(ReadOnlySpan<byte> name, out IlpTarget target)
    {
        Span<char> chars = stackalloc char[128];
        target = default;
        return (name.Length <= chars.Length && Encoding.UTF8.TryGetChars(name, chars, out var length) && _lookup.TryGetValue(chars[..length], out target)) || IgnoresOthers;
    }
}
