using Grid.Domain.Identifiers;

namespace Grid.Runtime;

/// <summary>A producer and its batches.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Epoch">Its current life, or its last.</param>
/// <param name="LastBatch">Highest batch number taken in this epoch.</param>
/// <param name="DurableBatch">Highest batch number of this epoch that is durable and applied, with all before it.</param>
/// <param name="ConnectedSince">When its feed was opened; null while it is not connected.</param>
/// <param name="LastSeen">When its feed was opened or closed or a batch came, whichever was last; null if that was before this process started.</param>
public sealed record ProducerStatus(string Name, ulong Epoch, ulong LastBatch, ulong DurableBatch, UnixNanos? ConnectedSince, UnixNanos? LastSeen);
