namespace Grid.Storage.Postgres.Committing;

/// <summary>What one activation has in a group, in order.</summary>
internal sealed record GrainWork(GrainClaim Grain, List<CommitItem> Items);

/// <summary>Items that are tried to be committed in one transaction.</summary>
internal sealed class CommitGroup
{
    private CommitGroup(List<GrainWork> works) => Works = works;

    /// <summary>By the order in which grains are locked.</summary>
    public List<GrainWork> Works { get; }

    /// <summary>True if it has nothing more to split.</summary>
    public bool IsSingle => Works is [{ Items.Count: 1 }];

    public bool IsEmpty => Works.Count == 0;

    /// <summary>Items that are not answered yet.</summary>
    public IEnumerable<CommitItem> Items => Works.SelectMany(w => w.Items).Where(i => !i.IsAnswered);

    public IEnumerable<CommitSlice> Slices => Works.SelectMany(w => w.Items).Select(i => i.Slice).OfType<CommitSlice>();

    /// <summary>A group of some items. Those that build on something that was refused are refused.</summary>
    public static CommitGroup Of(IEnumerable<CommitItem> items)
    {
        var works = new Dictionary<GrainClaim, GrainWork>();
        foreach (var item in items)
        {
            if (item.Grain.RefusalOfNext() is { } refusal)
            {
                item.Refuse(refusal);
                continue;
            }

            if (!works.TryGetValue(item.Grain, out var work))
            {
                works.Add(item.Grain, work = new GrainWork(item.Grain, []));
            }

            work.Items.Add(item);
        }

        return new CommitGroup([.. works.Values.OrderBy(w => w.Grain.Id).ThenBy(w => w.Grain.Epoch)]);
    }

    /// <summary>Both halves: of the grains, or of the items of the only one.</summary>
    public (IEnumerable<CommitItem> First, IEnumerable<CommitItem> Second) Split()
    {
        if (Works.Count == 1)
        {
            var items = Works[0].Items;
            return (items.Take(items.Count / 2), items.Skip(items.Count / 2));
        }

        return (Works.Take(Works.Count / 2).SelectMany(w => w.Items), Works.Skip(Works.Count / 2).SelectMany(w => w.Items));
    }
}
