using System.Runtime.InteropServices;

namespace Grid.Storage.Postgres.Committing;

/// <summary>What a window says of a slice.</summary>
public enum SliceState
{
    /// <summary>It is not in.</summary>
    New,

    /// <summary>It is in.</summary>
    Committed,

    /// <summary>Its batch is older than the window can tell.</summary>
    TooOld,

    /// <summary>A later life of its producer has sent slices since.</summary>
    OldProducer,
}

/// <summary>Which slices of a producer a grain has committed: of the newest life that it has met, the newest 64 batches.</summary>
/// <param name="Epoch">The life of the producer.</param>
/// <param name="Highest">Its highest batch; 0 if none.</param>
/// <param name="Seen">Bit <c>i</c> is set if batch <c>Highest - i</c> is in.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct SliceWindow(ulong Epoch, ulong Highest, ulong Seen)
{
    /// <summary>Batches that are told apart.</summary>
    public const int Batches = 64;

    /// <summary>What is known of a batch.</summary>
    public SliceState StateOf(ulong epoch, ulong batch)
    {
        if (epoch != Epoch)
        {
            return epoch < Epoch ? SliceState.OldProducer : SliceState.New;
        }

        if (batch > Highest)
        {
            return SliceState.New;
        }

        return Highest - batch >= Batches ? SliceState.TooOld
            : (Seen >> (int)(Highest - batch) & 1) == 0 ? SliceState.New
            : SliceState.Committed;
    }

    /// <summary>The window with a batch in it that is new to it.</summary>
    public SliceWindow With(ulong epoch, ulong batch)
    {
        if (epoch != Epoch)
        {
            return new SliceWindow(epoch, batch, 1);
        }

        if (batch <= Highest)
        {
            return this with { Seen = Seen | (1UL << (int)(Highest - batch)) };
        }

        var further = batch - Highest;
        return new SliceWindow(epoch, batch, (further >= Batches ? 0 : Seen << (int)further) | 1);
    }
}

/// <summary>The window of a producer.</summary>
public readonly record struct ProducerWindow(string Producer, SliceWindow Window);
