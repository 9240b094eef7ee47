using System.Buffers;
using Grid.Domain;

namespace Grid.Runtime.Clustering;

/// <summary>What is to be done with a batch that a producer sends.</summary>
public enum BatchTurn
{
    /// <summary>It is sliced and sent.</summary>
    New,

    /// <summary>All of its slices are committed; it is answered.</summary>
    Committed,

    /// <summary>It is on its way; whoever sends it again waits for the same.</summary>
    OnItsWay,

    /// <summary>Its number was used before with other content.</summary>
    Reused,

    /// <summary>It is older than the batches whose content is remembered.</summary>
    TooOld,

    /// <summary>A batch before it was never received.</summary>
    Skipped,

    /// <summary>A later life of the producer has sent batches.</summary>
    OldEpoch,
}

/// <summary>
/// How far a producer's batches are in. Batches may be on their way side by side; the producer goes on, after whatever happens,
/// behind the last one before which all are committed.
/// </summary>
public sealed class ProducerPosition
{
    /// <summary>
    /// Batches that may be on their way at once. Half of what a grain tells apart, so that one which is sent again is never too
    /// old for its grains.
    /// </summary>
    public const int OnTheirWayMax = Storage.Postgres.Committing.SliceWindow.Batches / 2;

    private const byte Version = 1;
    private const int Remembered = 128;

    // Hashes of the content of batches: of those on their way, and of the newest that are committed.
    private readonly SortedDictionary<ulong, ulong> _content = [];

    // Batches after Through that are committed already.
    private readonly HashSet<ulong> _ahead = [];

    // Batches after Through that failed and were not sent again.
    private readonly HashSet<ulong> _failed = [];

    /// <summary>The life of the producer; 0 before it sent anything.</summary>
    public ulong Epoch { get; private set; }

    /// <summary>All batches of this life up to this one are committed.</summary>
    public ulong Through { get; private set; }

    /// <summary>The highest batch of this life that was received.</summary>
    public ulong Highest { get; private set; }

    /// <summary>Batches received and not committed, and those that wait for one before them.</summary>
    public int OnTheirWay => (int)(Highest - Through);

    /// <summary>What tells the content of a batch from another's.</summary>
    public static ulong ContentOf(ReadOnlySpan<byte> bytes) => Feeds.Producer.Fingerprint(bytes);

    /// <summary>Begins a life of the producer; false if a later one has begun.</summary>
    public bool TryBegin(ulong epoch)
    {
        if (epoch <= Epoch)
        {
            return epoch == Epoch;
        }

        (Epoch, Through, Highest) = (epoch, 0, 0);
        _content.Clear();
        _ahead.Clear();
        _failed.Clear();
        return true;
    }

    /// <summary>Says what is to be done with a batch of this life; one that is new is on its way then.</summary>
    /// <param name="epoch">The life in which it was sent.</param>
    /// <param name="number">Its number, from 1.</param>
    /// <param name="content">A hash of its bytes.</param>
    public BatchTurn Receive(ulong epoch, ulong number, ulong content)
    {
        ArgumentOutOfRangeException.ThrowIfZero(number);
        if (epoch != Epoch)
        {
            return BatchTurn.OldEpoch;
        }

        if (_content.TryGetValue(number, out var known))
        {
            Highest = Math.Max(Highest, number);
            return known != content ? BatchTurn.Reused
                : IsCommitted(number) ? BatchTurn.Committed
                : _failed.Remove(number) ? BatchTurn.New
                : BatchTurn.OnItsWay;
        }

        if (number <= Through)
        {
            return BatchTurn.TooOld;
        }

        if (number > Highest + 1)
        {
            return BatchTurn.Skipped;
        }

        Highest = number;
        _content[number] = content;
        return BatchTurn.New;
    }

    /// <summary>Notes that all slices of a batch are committed.</summary>
    public void Commit(ulong epoch, ulong number)
    {
        if (epoch != Epoch || number <= Through)
        {
            return;
        }

        _ahead.Add(number);
        while (_ahead.Remove(Through + 1))
        {
            Through++;
        }

        Highest = Math.Max(Highest, Through);
        while (_content.Count > Remembered && _content.First().Key is var oldest && oldest <= Through)
        {
            _content.Remove(oldest);
        }
    }

    /// <summary>Notes that a batch failed of which some slices may be committed: it may be sent again as it was.</summary>
    public void Fail(ulong epoch, ulong number)
    {
        if (epoch == Epoch && number > Through)
        {
            _failed.Add(number);
        }
    }

    /// <summary>Notes that a batch was refused of which nothing was sent: its number is free again, and so are those behind it.</summary>
    public void Refuse(ulong epoch, ulong number)
    {
        if (epoch == Epoch && number > Through)
        {
            // One behind it that is on its way is still known by its content.
            _content.Remove(number);
            Highest = Math.Min(Highest, number - 1);
        }
    }

    /// <summary>Writes what a later activation must know: the life, how far it is in, and what was in its newest batches.</summary>
    public byte[] Save()
    {
        var bytes = new ArrayBufferWriter<byte>();
        var writer = new StateWriter(bytes);
        writer.Put(Version);
        writer.Put(Epoch);
        writer.Put(Through);
        writer.Put<(ulong, ulong)>([.. _content.Where(c => c.Key <= Through).Select(c => (c.Key, c.Value))]);
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Reads what <see cref="Save"/> wrote, into one that is new.</summary>
    /// <exception cref="FormatException">The bytes are not that.</exception>
    public void Load(ReadOnlySpan<byte> saved)
    {
        var reader = new StateReader(saved);
        if (reader.Take<byte>() is not Version and var version)
        {
            throw new FormatException($"the saved position of a producer has version {version}; this program knows {Version}");
        }

        Epoch = reader.Take<ulong>();
        Through = Highest = reader.Take<ulong>();
        foreach (var (number, content) in reader.TakeArray<(ulong, ulong)>(Remembered + 1))
        {
            _content[number] = content;
        }
    }

    private bool IsCommitted(ulong number) => number <= Through || _ahead.Contains(number);
}
