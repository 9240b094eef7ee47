using System.Buffers;
using Grid.Domain;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;
using Grid.Runtime.Shards;

namespace Grid.Runtime.Snapshots;

/// <summary>
/// Writes one shard as it was at a moment while it goes on applying: an instrument is written before its first change
/// after that moment, the others piece by piece.
/// </summary>
internal sealed class ShardSweep(int mark, SectionQueue sections)
{
    private const int BytesAtOnce = 128 << 10;

    private SectionBuffer _chunk = sections.Rent();
    private Shard? _shard;
    private List<InstrumentState> _states = [];
    private int _next;
    private long _written;

    /// <summary>Notes what there is at this moment. On the shard's thread.</summary>
    public void Begin(Shard begun)
    {
        _shard = begun;
        _states = [.. begun.OwnInstruments()];
        var head = new ArrayBufferWriter<byte>();
        var writer = new StateWriter(head);
        writer.Put(begun.Index);
        writer.Put(begun.Instruments);
        var counts = begun.Counts.NonZero().ToArray();
        writer.Put(counts.Length);
        foreach (var (outcome, count) in counts)
        {
            writer.Put(outcome);
            writer.Put(count);
        }

        begun.History.BeginCheckpoint(writer);
        sections.Write(new QueuedSection(SnapshotSection.Shard, head.WrittenMemory));
    }

    /// <summary>False while nothing is to be done but what <see cref="SaveBefore"/> does: the queue asks for a step when there is room.</summary>
    public bool HasRoom => sections.HasRoom;

    /// <summary>An instrument that was made after the moment is not part of the snapshot.</summary>
    public void Exclude(InstrumentState state) => state.SnapshotMark = mark;

    /// <summary>Writes an instrument that is about to change, if it is not written yet.</summary>
    public void SaveBefore(InstrumentState state)
    {
        if (state.SnapshotMark != mark)
        {
            Save(state);
        }
    }

    /// <summary>Writes some more; true when all are written.</summary>
    public bool SaveSome()
    {
        if (!sections.HasRoom)
        {
            return false;
        }

        // Counted by what is written here alone: an instrument may end a chunk.
        var left = (long)BytesAtOnce;
        while (_next < _states.Count && !sections.IsGivenUp)
        {
            var before = _written;
            SaveBefore(_states[_next++]);
            left -= _written - before;
            if (left <= 0)
            {
                return false;
            }
        }

        WriteChunk();
        _states = [];
        sections.Finish();
        return true;
    }

    private void Save(InstrumentState state)
    {
        state.SnapshotMark = mark;
        if (sections.IsGivenUp)
        {
            return;
        }

        var writer = _chunk.Writer;
        var before = _chunk.Count;
        writer.Put(state.Id);
        var definitions = _shard!.DefinitionsOf(state.Id);
        writer.Put(definitions is not null);
        definitions?.Save(writer);
        state.Save(writer);
        state.History.Save(writer);
        _written += _chunk.Count - before;
        if (_chunk.Count >= SectionBuffers.SectionBytes)
        {
            WriteChunk();
        }
    }

    private void WriteChunk()
    {
        if (_chunk.Count > 0)
        {
            sections.Write(new QueuedSection(SnapshotSection.Instruments, _chunk.Written, _chunk));
            _chunk = sections.Rent();
        }
    }

    /// <summary>Reads a chunk of instruments into their shards.</summary>
    public static void LoadInstruments(ReadOnlySpan<byte> section, GridImage image, bool hasCounts)
    {
        var reader = new StateReader(section);
        while (!reader.IsAtEnd)
        {
            var id = reader.Take<Domain.Identifiers.InstrumentId>();
            var owner = image.ShardOf(id);
            var definitions = reader.Take<bool>() ? DefinitionLog.Load(ref reader) : null;
            var state = owner.AddInstrument(id);
            if (definitions is not null)
            {
                owner.SetDefinitions(state, definitions);
            }

            state.Load(ref reader, hasCounts);
            state.History.Load(ref reader);
        }
    }

    /// <summary>Reads a shard's counters; gives where its history's checkpoint begins in the section.</summary>
    public static int LoadHead(ReadOnlySpan<byte> section, out int shard, out OutcomeCounts counts)
    {
        var reader = new StateReader(section);
        shard = reader.Take<int>();
        reader.Take<int>();
        counts = new OutcomeCounts();
        for (var left = reader.TakeCount(256); left > 0; left--)
        {
            var outcome = reader.Take<Outcome>();
            counts.Add(outcome, reader.Take<long>());
        }

        return reader.Offset;
    }
}
