using System.Numerics;
using Grid.Domain;
using Grid.Domain.Identifiers;

namespace Grid.Runtime.Feeds;

/// <summary>What a batch number means to a producer's ledger.</summary>
internal enum BatchStanding
{
    /// <summary>The next one: to be applied.</summary>
    Next,

    /// <summary>Taken before with the same content: acknowledged again, not applied.</summary>
    Retried,
}

/// <summary>
/// One producer's batches: which numbers of its current epoch were taken, and the fingerprints of the last
/// <see cref="GridLimits.ProducerBatchesRemembered"/> of them.
/// </summary>
/// <remarks>All members under <see cref="Gate"/>, but <see cref="DurableBatch"/> and those that say otherwise.</remarks>
internal sealed class Producer(string name)
{
    private const int Remembered = GridLimits.ProducerBatchesRemembered;

    // Of a batch of which only the number is known. No payload is empty, so no fingerprint is this.
    private const ulong Unknown = 0;

    // _fingerprints[n % Remembered] belongs to batch n, for the last min(LastBatch, Remembered) batches. It is as long as that needs:
    // most producers send a file and are never seen again.
    private ulong[] _fingerprints = [];
    private ulong _durableBatch;

    // What PostgreSQL has of the newest epoch that it knows: perhaps not the current one.
    private ulong _committedEpoch;
    private ulong _committedBatch;

    // The newest batch that is in the journal's order: what a snapshot may claim to know.
    private ulong _sequencedEpoch;
    private ulong _sequencedBatch;

    public string Name => name;

    public Lock Gate { get; } = new();

    /// <summary>The current life of the producer; 0 before the first.</summary>
    public ulong Epoch { get; private set; }

    /// <summary>Highest batch number taken in this epoch.</summary>
    public ulong LastBatch { get; private set; }

    /// <summary>Highest batch number of this epoch that is durable and applied, with all before it.</summary>
    public ulong DurableBatch => Volatile.Read(ref _durableBatch);

    /// <summary>
    /// Highest batch number of this epoch that is in PostgreSQL, with all before it. Takes the gate itself. A database that was
    /// another grid's may know more than this one was ever sent.
    /// </summary>
    public ulong CommittedBatch
    {
        get
        {
            lock (Gate)
            {
                return _committedEpoch == Epoch ? Math.Min(_committedBatch, LastBatch) : 0;
            }
        }
    }

    /// <summary>Batches taken and not yet durable.</summary>
    public long Lag
    {
        get
        {
            lock (Gate)
            {
                return (long)(LastBatch - Math.Min(LastBatch, DurableBatch));
            }
        }
    }

    /// <summary>The feed that may submit; null if the producer is not connected.</summary>
    public EmbeddedFeed? Owner { get; private set; }

    /// <summary>True if it is not connected and no batch was ever taken from it.</summary>
    public bool IsUnused => Owner is null && LastBatch == 0 && _sequencedEpoch == 0;

    /// <summary>True once the ledger has forgotten it: another may stand there under its name.</summary>
    public bool IsForgotten { get; set; }

    /// <summary>When the owner's feed was opened.</summary>
    public UnixNanos ConnectedAt { get; private set; }

    /// <summary>When a feed of it was opened or closed or a batch came, whichever was last; null before that.</summary>
    public UnixNanos? SeenAt { get; private set; }

    /// <summary>The identity of a payload: its CRC32C and its length.</summary>
    public static ulong Fingerprint(ReadOnlySpan<byte> payload) => Crc32C.Compute(payload) | ((ulong)(uint)payload.Length << 32);

    /// <summary>Begins a life.</summary>
    public void Begin(ulong epoch)
    {
        if (epoch < Epoch)
        {
            throw new GridException(GridErrorCode.EpochStale, $"producer '{name}' connects with epoch {epoch}, but has been seen with epoch {Epoch}");
        }

        if (epoch > Epoch)
        {
            Epoch = epoch;
            LastBatch = 0;
            Volatile.Write(ref _durableBatch, 0);
        }
    }

    /// <summary>Makes a feed the one that may submit.</summary>
    public void Connect(EmbeddedFeed feed, UnixNanos now)
    {
        Owner = feed;
        ConnectedAt = now;
        SeenAt = now;
    }

    /// <summary>Notes that a feed was closed; nothing if a newer one took its place.</summary>
    public void Disconnect(EmbeddedFeed feed, UnixNanos now)
    {
        if (Owner == feed)
        {
            Owner = null;
            SeenAt = now;
        }
    }

    /// <summary>What there is to say of it. Takes the gate itself.</summary>
    public ProducerStatus Status()
    {
        lock (Gate)
        {
            return new ProducerStatus(name, Epoch, LastBatch, DurableBatch, Owner is null ? null : ConnectedAt, SeenAt);
        }
    }

    /// <summary>Notes that a batch came.</summary>
    public void See(UnixNanos now) => SeenAt = now;

    /// <summary>What a batch number means; throws if it may not be used.</summary>
    public BatchStanding Check(ulong batch, ulong fingerprint)
    {
        if (batch == LastBatch + 1)
        {
            return BatchStanding.Next;
        }

        ThrowIfSkipped(batch);
        if (batch == 0 || LastBatch - batch >= Remembered)
        {
            throw new GridException(GridErrorCode.BatchTooOld, $"producer '{name}' sends batch {batch} again, but only the last {Remembered} before {LastBatch + 1} are remembered");
        }

        var taken = _fingerprints[batch % Remembered];
        return taken == fingerprint || taken == Unknown
            ? BatchStanding.Retried
            : throw new GridException(GridErrorCode.BatchNumberReused, $"producer '{name}' sends batch {batch} again with other content");
    }

    /// <summary>Throws if a batch number leaves one out. Without the gate an early answer, which <see cref="Check"/> confirms.</summary>
    public void ThrowIfSkipped(ulong batch)
    {
        var next = LastBatch + 1;
        if (batch > next)
        {
            throw new GridException(GridErrorCode.BatchNumberSkipped, $"producer '{name}' sends batch {batch}, but {next} is next");
        }
    }

    /// <summary>Notes the next batch as taken.</summary>
    public void Take(ulong batch, ulong fingerprint)
    {
        LastBatch = batch;
        if ((int)(batch % Remembered) >= _fingerprints.Length)
        {
            Array.Resize(ref _fingerprints, (int)Math.Min(Remembered, Math.Max(8, BitOperations.RoundUpToPowerOf2(batch % Remembered + 1))));
        }

        _fingerprints[batch % Remembered] = fingerprint;
    }

    /// <summary>Notes that all batches up to a number of an epoch were taken in another data folder, where the contents of the newer ones are not known.</summary>
    public void Restore(ulong epoch, ulong batch)
    {
        lock (Gate)
        {
            Begin(epoch);
            for (var next = Math.Max(LastBatch + 1, batch < Remembered ? 1 : batch - Remembered + 1); next <= batch; next++)
            {
                Take(next, Unknown);
            }
        }

        SetSequenced(Epoch, LastBatch);
        SetDurable(Epoch, LastBatch);
    }

    /// <summary>Notes that all batches up to a number of an epoch are durable and applied. Takes the gate: the next epoch may be beginning.</summary>
    public void SetDurable(ulong epoch, ulong batch)
    {
        lock (Gate)
        {
            if (epoch == Epoch && batch > _durableBatch)
            {
                Volatile.Write(ref _durableBatch, batch);
            }
        }
    }

    /// <summary>Notes that all batches up to a number of an epoch are in PostgreSQL. Takes the gate.</summary>
    public void SetCommitted(ulong epoch, ulong batch)
    {
        lock (Gate)
        {
            _committedEpoch = epoch;
            _committedBatch = batch;
        }
    }

    /// <summary>True if it has a batch in the journal: a snapshot knows nothing of others.</summary>
    public bool IsSequenced => Volatile.Read(ref _sequencedEpoch) != 0;

    /// <summary>Notes that a batch has its place in the journal. Takes the gate itself.</summary>
    public void SetSequenced(ulong epoch, ulong batch)
    {
        lock (Gate)
        {
            _sequencedEpoch = epoch;
            _sequencedBatch = batch;
        }
    }

    /// <summary>Writes what is known up to the last sequenced batch; later ones may never reach the journal. Takes the gate itself.</summary>
    public void Save(StateWriter writer)
    {
        lock (Gate)
        {
            writer.Put(name);
            writer.Put(_sequencedEpoch);
            writer.Put(_sequencedBatch);
            writer.Put<ulong>(_fingerprints);
        }
    }

    public static Producer Load(ref StateReader reader)
    {
        var producer = new Producer(reader.TakeText()) { Epoch = reader.Take<ulong>(), LastBatch = reader.Take<ulong>() };
        producer._fingerprints = reader.TakeArray<ulong>(Remembered);
        if (producer.LastBatch > 0 && (ulong)producer._fingerprints.Length <= Math.Min(producer.LastBatch, Remembered - 1))
        {
            throw new FormatException($"producer '{producer.Name}' has {producer._fingerprints.Length} fingerprints for batches up to {producer.LastBatch}");
        }

        producer._durableBatch = producer.LastBatch;
        producer.SetSequenced(producer.Epoch, producer.LastBatch);
        return producer;
    }
}
