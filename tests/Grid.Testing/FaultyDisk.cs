using Grid.Storage.Journal;

namespace Grid.Testing;

/// <summary>
/// A disk in memory that fails as real ones do, by a seed. What is written is volatile until it is flushed; a power
/// failure keeps, drops or tears each unflushed sector by chance, and each change of a folder's entries likewise.
/// </summary>
/// <remarks>
/// A failed flush is the worst kind: the bytes can still be read, are no longer going to be written, and are gone after
/// the next power failure. Not for use by several threads.
/// </remarks>
public sealed class FaultyDisk
{
    // From <linux/errno.h>: what IOException.HResult carries.
    private const int InputOutputErrno = 5;
    private const int NoSpaceErrno = 28;

    private readonly Random _random;
    private readonly List<FaultyDirectory> _directories = [];
    private long _operationsLeft = long.MaxValue;
    private int _writesLeft = int.MaxValue;
    private int _flushesLeft = int.MaxValue;
    private bool _isDown;

    /// <summary>An empty disk whose faults follow from a seed.</summary>
    public FaultyDisk(int seed)
    {
        Seed = seed;
        _random = new Random(seed);
        Root = NewDirectory("/disk");
    }

    /// <summary>What the faults follow from; print it when a test fails.</summary>
    public int Seed { get; }

    /// <summary>The disk's folder.</summary>
    public IJournalDirectory Root { get; }

    /// <summary>Space; a write or preallocation beyond it fails with ENOSPC.</summary>
    public long BytesMax { get; set; } = long.MaxValue;

    /// <summary>Writes, flushes and changes of folders so far.</summary>
    public long Operations { get; private set; }

    /// <summary>How often the power has failed.</summary>
    public int Boots { get; private set; }

    /// <summary>Lets the n-th write from now fail (1 is the next), having written a part of it.</summary>
    public void FailWrite(int n) => _writesLeft = n;

    /// <summary>Lets the n-th flush of a file from now fail (1 is the next).</summary>
    public void FailFlush(int n) => _flushesLeft = n;

    /// <summary>Lets the power fail in the n-th operation from now: it and all later ones throw until a crash.</summary>
    public void FailPowerAfter(long n) => _operationsLeft = n;

    /// <summary>From now on the disk cannot read the sector at this offset of a file.</summary>
    public static void BreakSector(IJournalDirectory directory, string name, long offset) =>
        ((FaultyDirectory)directory).Find(name).Break(offset);

    /// <summary>The power fails and comes back: open files and locks are gone, what was not flushed is kept or lost.</summary>
    public void Crash()
    {
        Restart();
        Boots++;
        foreach (var directory in _directories)
        {
            directory.Crash(_random);
        }
    }

    /// <summary>The process ends, the machine goes on: open files and locks are gone, all that was written can be read.</summary>
    public void Restart()
    {
        _isDown = false;
        _operationsLeft = long.MaxValue;
        _writesLeft = int.MaxValue;
        _flushesLeft = int.MaxValue;
        foreach (var directory in _directories)
        {
            directory.Locks.Clear();
        }
    }

    internal Random Random => _random;

    internal FaultyDirectory NewDirectory(string path)
    {
        var directory = new FaultyDirectory(this, path);
        _directories.Add(directory);
        return directory;
    }

    /// <summary>Counts an operation that changes the disk; throws if the power fails in it.</summary>
    internal void Operate()
    {
        Operations++;
        if (_isDown || --_operationsLeft <= 0)
        {
            _isDown = true;
            throw new IOException("the power has failed", InputOutputErrno);
        }
    }

    /// <summary>How much of a write happens: all, or less and then it fails with the exception.</summary>
    internal int Admit(FaultyFile file, long newLength, int bytes, out IOException? failure)
    {
        failure = null;
        if (newLength > file.Length && Used() + newLength - file.Length > BytesMax)
        {
            failure = new IOException($"No space left on device : '{file.Path}'", NoSpaceErrno);
        }
        else if (_writesLeft != int.MaxValue && --_writesLeft == 0)
        {
            failure = new IOException($"Input/output error : '{file.Path}'", InputOutputErrno);
        }

        return failure is null ? bytes : _random.Next(bytes + 1);
    }

    internal bool FlushFails() => _flushesLeft != int.MaxValue && --_flushesLeft == 0;

    internal static IOException FlushFailure(string path) => new($"Input/output error : '{path}'", InputOutputErrno);

    private long Used() => _directories.Sum(directory => directory.BytesUsed);
}
