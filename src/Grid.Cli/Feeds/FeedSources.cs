using System.Text;
using Grid.Client.Feed;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Gateway.Rows;

namespace Grid.Cli.Feeds;

/// <summary>Numbers names for a reader, and declares each source before its first event is sent.</summary>
/// <param name="client">Knows the numbers.</param>
/// <param name="policy">How duplicates of all sources are told; null to choose by whether their first events have sequence numbers.</param>
/// <param name="isLean">True if the sources are of Lean's files, whose conditions are known.</param>
internal sealed class FeedSources(FeedClient client, DedupPolicy? policy, bool isLean)
{
    // Sources met and not declared yet, by number.
    private readonly Dictionary<int, string> _undeclared = [];
    private readonly HashSet<int> _known = [];

    /// <summary>See <see cref="NameNumbering"/>.</summary>
    public int NumberOf(NameKind kind, ReadOnlySpan<byte> name)
    {
        var number = client.GetOrAdd(kind, name);
        if (kind == NameKind.Source && _known.Add(number))
        {
            _undeclared.Add(number, Encoding.ASCII.GetString(name));
        }

        return number;
    }

    /// <summary>Declares the sources that are new in these events.</summary>
    public void DeclareNew(ReadOnlySpan<MarketEvent> events)
    {
        if (_undeclared.Count == 0)
        {
            return;
        }

        foreach (var (number, name) in _undeclared)
        {
            client.DeclareSource(DeclarationOf(name, policy ?? PolicyOf(number, events)));
        }

        _undeclared.Clear();
    }

    private SourceDeclaration DeclarationOf(string name, DedupPolicy chosen) =>
        isLean ? LeanReader.Declaration(name, chosen) : new SourceDeclaration { Name = name, Policy = chosen };

    private static DedupPolicy PolicyOf(int source, ReadOnlySpan<MarketEvent> events)
    {
        foreach (ref readonly var e in events)
        {
            if (e.Source.Value == source && e.Sequence != 0)
            {
                return DedupPolicy.Sequence;
            }
        }

        return DedupPolicy.Batch;
    }
}
