using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Gateway.Rows;

namespace Grid.Cli.Feeds;

/// <summary>
/// Reads zipped tick files, date by date; the files of one date are merged by event time (files of the same time: in the
/// order of their paths), so that instruments move together as they did. The line number of a row is its sequence number.
/// </summary>
internal sealed class LeanReader : EventReader
{
    /// <summary>Files merged at once; a date with more is read in several runs. Each takes a buffer of 128 KB and a decompressor.</summary>
    public const int FilesMergedMax = 256;

    /// <summary>Condition bits of official opening and closing prints: statements about a price, not trades.</summary>
    public const uint OfficialPrints = 0x0100_0000 | 0x0400_0000;

    private readonly List<LeanEntry> _entries;
    private readonly NameNumbering _numbering;
    private readonly SourceId _source;
    private int _entriesOpened;

    // _heap is a heap over the unfinished files of _files: no entry comes before the one at (i - 1) / 2.
    private readonly List<LeanFile> _files = [];
    private readonly List<(long TimeNs, int File)> _heap = [];

    /// <summary>A reader of entries that <see cref="LeanEntry.Find"/> gave.</summary>
    public LeanReader(List<LeanEntry> entries, string sourceName, NameNumbering numbering)
    {
        _entries = entries;
        _numbering = numbering;
        _source = new SourceId((ushort)numbering(NameKind.Source, System.Text.Encoding.UTF8.GetBytes(sourceName)));
    }

    /// <summary>What the source says of itself: line numbers follow each other, and official prints are no trades.</summary>
    public static SourceDeclaration Declaration(string sourceName, DedupPolicy policy) => new()
    {
        Name = sourceName,
        Policy = policy,
        IsContiguous = policy == DedupPolicy.Sequence,
        NotLastConditions = OfficialPrints,
        NotHighLowConditions = OfficialPrints,
        NotVolumeConditions = OfficialPrints,
    };

    public override int Read(EventBatch batch, int countMax)
    {
        var count = 0;
        while (count < countMax && (_heap.Count > 0 || OpenNextFiles()))
        {
            var file = _files[_heap[0].File];
            batch.Add(in file.Current);
            count++;
            Advance(file);
        }

        EventsRead += count;
        return count;
    }

    public override void Dispose() => CloseFiles();

    private void Advance(LeanFile file)
    {
        if (file.MoveNext())
        {
            _heap[0] = (file.Current.EventTime.Value, _heap[0].File);
        }
        else
        {
            file.Dispose();
            _heap[0] = _heap[^1];
            _heap.RemoveAt(_heap.Count - 1);
        }

        SiftDown();
    }

    private bool OpenNextFiles()
    {
        while (_heap.Count == 0 && _entriesOpened < _entries.Count)
        {
            CloseFiles();
            var date = _entries[_entriesOpened].Date;
            while (_entriesOpened < _entries.Count && _entries[_entriesOpened].Date == date && _files.Count < FilesMergedMax)
            {
                var file = new LeanFile(_entries[_entriesOpened++], _source, _numbering, Malformed);
                _files.Add(file);
                if (file.MoveNext())
                {
                    _heap.Add((file.Current.EventTime.Value, _files.Count - 1));
                }
            }

            // A sorted list is a heap.
            _heap.Sort();
        }

        return _heap.Count > 0;
    }

    private void SiftDown()
    {
        var at = 0;
        while (true)
        {
            var first = at;
            for (var child = (2 * at) + 1; child <= (2 * at) + 2 && child < _heap.Count; child++)
            {
                first = _heap[child].CompareTo(_heap[first]) < 0 ? child : first;
            }

            if (first == at)
            {
                return;
            }

            (_heap[at], _heap[first]) = (_heap[first], _heap[at]);
            at = first;
        }
    }

    private void CloseFiles()
    {
        foreach (var file in _files)
        {
            file.Dispose();
        }

        _files.Clear();
    }
}
