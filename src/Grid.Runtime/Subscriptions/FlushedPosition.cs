namespace Grid.Runtime.Subscriptions;

/// <summary>
/// Which inputs are durable with all that was decided of them. Inputs are completed in the order of their frames.
/// </summary>
internal sealed class FlushedPosition
{
    private readonly Lock _gate = new();

    // Inputs that are applied, and the frame of their outcomes: oldest first, bounded by the batches in flight.
    private readonly Queue<(ulong Input, ulong Outcomes)> _decided = new();
    private ulong _newest;
    private ulong _flushed;

    /// <summary>The newest input that may have been applied.</summary>
    public ulong Newest => Volatile.Read(ref _newest);

    /// <summary>Starts behind what was recovered.</summary>
    public void StartAfter(ulong input) => _newest = _flushed = input;

    /// <summary>An input is about to be applied.</summary>
    public void Sequenced(ulong input) => Volatile.Write(ref _newest, input);

    /// <summary>The outcomes of an input are appended.</summary>
    public void Decided(ulong input, ulong outcomes, ulong flushedLsn)
    {
        lock (_gate)
        {
            _decided.Enqueue((input, outcomes));
            Advance(flushedLsn);
        }
    }

    /// <summary>The newest input that is durable with its outcomes, and all before it.</summary>
    /// <param name="flushedLsn">The newest frame that is flushed.</param>
    public ulong Through(ulong flushedLsn)
    {
        lock (_gate)
        {
            Advance(flushedLsn);
            return _flushed;
        }
    }

    private void Advance(ulong flushedLsn)
    {
        while (_decided.TryPeek(out var oldest) && oldest.Outcomes <= flushedLsn)
        {
            _flushed = oldest.Input;
            _decided.Dequeue();
        }
    }
}
