using Grid.Storage.Journal;

namespace Grid.Runtime.Postgres;

/// <summary>
/// What of the journal somebody has yet to take, PostgreSQL or the archive: it is not deleted, and when it is too much, feeds wait until it is less.
/// Nothing is owed where there is nobody.
/// </summary>
internal sealed class OwedJournal(JournalWriter journal, long bytesMax)
{
    private readonly Lock _gate = new();

    // Completed when there may be room again; replaced then.
    private TaskCompletionSource _room = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isOwed;
    private ulong _takenLsn = ulong.MaxValue;

    // Of the journal as it was found at the start: bytes behind the point from which taken ones are counted.
    private long _foundBytes;
    private long _takenBytes;

    /// <summary>Bytes that may be owed before feeds wait.</summary>
    public long BytesMax => bytesMax;

    /// <summary>The last input that was taken: what is behind it must be kept. The largest number if nothing is owed to anybody.</summary>
    public ulong TakenLsn => Volatile.Read(ref _takenLsn);

    /// <summary>Bytes that are owed.</summary>
    public long Bytes => Volatile.Read(ref _isOwed)
        ? Math.Max(0, Volatile.Read(ref _foundBytes) + journal.BytesAppended - Volatile.Read(ref _takenBytes))
        : 0;

    /// <summary>True if feeds wait.</summary>
    public bool IsFull => Volatile.Read(ref _isOwed) && Bytes > bytesMax;

    /// <summary>True from four fifths of what may be owed.</summary>
    public bool IsNearlyFull => Volatile.Read(ref _isOwed) && Bytes > bytesMax / 5 * 4;

    /// <summary>From now on everything is owed: who takes it is not known to have anything yet, or not how much.</summary>
    public void Begin()
    {
        Volatile.Write(ref _takenLsn, 0);
        Volatile.Write(ref _isOwed, true);
    }

    /// <summary>Says what was taken before the start: bytes of the segments that earlier lives left behind it are owed, and taken ones are counted from there.</summary>
    public void SetFound(ulong takenLsn, IJournalDirectory segments)
    {
        var found = journal.Segments()
            .Where(s => s.IsSealed && s.LastLsn > takenLsn && s.LastLsn <= journal.Recovery.LastLsn)
            .Sum(s => JournalReader.BytesOf(segments, s));
        Volatile.Write(ref _foundBytes, found);
        SetTaken(takenLsn, 0);
    }

    /// <summary>Notes that everything up to an input was taken, and how many bytes that is from the point where counting began.</summary>
    public void SetTaken(ulong lsn, long bytes)
    {
        Volatile.Write(ref _takenBytes, bytes);
        Volatile.Write(ref _takenLsn, lsn);
        WakeWaiters();
    }

    /// <summary>Notes that nothing that was appended is left to take, and how many bytes that was.</summary>
    public void Settle(long bytes)
    {
        Volatile.Write(ref _foundBytes, bytes - journal.BytesAppended);
        Volatile.Write(ref _takenBytes, bytes);
        WakeWaiters();
    }

    /// <summary>Nothing is owed any more: nobody will take it.</summary>
    public void End()
    {
        Volatile.Write(ref _isOwed, false);
        WakeWaiters();
    }

    /// <summary>Returns when less is owed than may be.</summary>
    public async Task WaitForRoomAsync(CancellationToken cancel)
    {
        while (IsFull)
        {
            Task room;
            lock (_gate)
            {
                room = _room.Task;
            }

            if (IsFull)
            {
                await room.WaitAsync(cancel).ConfigureAwait(false);
            }
        }
    }

    private void WakeWaiters()
    {
        TaskCompletionSource room;
        lock (_gate)
        {
            room = _room;
            _room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        room.SetResult();
    }
}
