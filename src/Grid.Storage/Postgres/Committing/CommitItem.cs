namespace Grid.Storage.Postgres.Committing;

/// <summary>A slice or a snapshot that waits to be committed, and who waits for it.</summary>
internal sealed class CommitItem
{
    // A tick takes about as many bytes on its way.
    private const int BytesOfRow = 250;

    private readonly TaskCompletionSource _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CommitRoom? _room;

    public CommitItem(CommitSlice slice, CommitRoom room)
    {
        Grain = slice.Grain;
        Slice = slice;
        _room = room;
        Weight = Math.Max(1, slice.Rows);
    }

    public CommitItem(GrainClaim grain, byte[] state)
    {
        Grain = grain;
        State = state;
        Weight = 1 + (state.Length / BytesOfRow);
    }

    public GrainClaim Grain { get; }

    /// <summary>The slice; null of a snapshot.</summary>
    public CommitSlice? Slice { get; }

    /// <summary>The state; null of a slice.</summary>
    public byte[]? State { get; }

    /// <summary>What it counts for in the size of a commit.</summary>
    public int Weight { get; }

    /// <summary>Ends when it is committed or refused.</summary>
    public Task Answer => _answer.Task;

    public bool IsAnswered => _answer.Task.IsCompleted;

    public void Succeed()
    {
        Leave();
        _answer.TrySetResult();
    }

    /// <summary>It is not committed, and so is nothing behind it.</summary>
    public void Refuse(CommitRefusedException refusal)
    {
        Grain.Refuse(refusal);
        Leave();
        _answer.TrySetException(refusal);
    }

    private void Leave()
    {
        if (State is not null)
        {
            Grain.EndSaving();
        }

        _room?.GiveBack();
    }
}
