using System.Threading.Channels;

namespace Grid.Gateway.Streams;

/// <summary>Wakes one waiter; set while nobody waits, the next wait ends at once. Setting it never blocks.</summary>
internal sealed class StreamSignal
{
    private readonly Channel<bool> _set = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    public void Set() => _set.Writer.TryWrite(true);

    /// <summary>Waits until it is set, and takes that back.</summary>
    public ValueTask<bool> WaitAsync(CancellationToken cancel) => _set.Reader.ReadAsync(cancel);
}
