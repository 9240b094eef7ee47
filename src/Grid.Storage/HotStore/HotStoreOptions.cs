using System.Numerics;

namespace Grid.Storage.HotStore;

/// <summary>Options of a hot store. Each has a default and a range; <see cref="Validate"/> names every one that is out of it.</summary>
public sealed class HotStoreOptions
{
    /// <summary>Smallest <see cref="ExtentBytes"/>: 64 KB, four of the largest blocks.</summary>
    public const long ExtentBytesLowest = 64L << 10;

    /// <summary>Largest <see cref="ExtentBytes"/>: 1 GB.</summary>
    public const long ExtentBytesHighest = 1L << 30;

    /// <summary>Largest <see cref="BytesMax"/>: 16 TB.</summary>
    public const long BytesMaxHighest = 16L << 40;

    /// <summary>
    /// Bytes of disk for what can be read; the oldest extent is dropped when one more would exceed them. From two
    /// extents to 16 TB, 4 GB by default.
    /// </summary>
    public long BytesMax { get; set; } = 4L << 30;

    /// <summary>
    /// Bytes of one file of a new store, a power of two from 64 KB to 1 GB, 64 MB by default. A store keeps the size that
    /// it was made with until it is begun anew.
    /// </summary>
    public long ExtentBytes { get; set; } = 64L << 20;

    /// <summary>
    /// Bytes of disk, beyond <see cref="BytesMax"/>, for files of dropped extents that a snapshot still refers to (see
    /// <see cref="HotStore.Retain"/>): 0 to 16 TB, 1 GB by default. When they do not suffice, the oldest files are
    /// deleted, and a restart from that snapshot finds a little less history.
    /// </summary>
    public long RecoveryBytesMax { get; set; } = 1L << 30;

    /// <summary>
    /// Bytes of memory beside the page cache for what was appended lately: beyond them, pages whose bytes are in their files
    /// are given back, older extents first. From two extents to 16 TB, 512 MB by default. What no checkpoint has written yet
    /// comes on top of them, and where the system is not Linux nothing is given back.
    /// </summary>
    public long MemoryBytesMax { get; set; } = 512L << 20;

    /// <summary>Throws if an option is out of its range.</summary>
    /// <exception cref="ArgumentException">One line for each option that is: its name, its value and the rule.</exception>
    public void Validate()
    {
        var errors = new List<string>();
        if (!BitOperations.IsPow2(ExtentBytes) || ExtentBytes is < ExtentBytesLowest or > ExtentBytesHighest)
        {
            errors.Add($"Hot store option {nameof(ExtentBytes)} is {ExtentBytes}; "
                + $"it must be a power of two from {ExtentBytesLowest} to {ExtentBytesHighest} bytes.");
        }

        if (BytesMax < 2 * ExtentBytes || BytesMax > BytesMaxHighest)
        {
            errors.Add($"Hot store option {nameof(BytesMax)} is {BytesMax}; "
                + $"it must be from two extents ({2 * ExtentBytes}) to {BytesMaxHighest} bytes.");
        }

        if (RecoveryBytesMax is < 0 or > BytesMaxHighest)
        {
            errors.Add($"Hot store option {nameof(RecoveryBytesMax)} is {RecoveryBytesMax}; "
                + $"it must be from 0 to {BytesMaxHighest} bytes.");
        }

        if (MemoryBytesMax < 2 * ExtentBytes || MemoryBytesMax > BytesMaxHighest)
        {
            errors.Add($"Hot store option {nameof(MemoryBytesMax)} is {MemoryBytesMax}; "
                + $"it must be from two extents ({2 * ExtentBytes}) to {BytesMaxHighest} bytes.");
        }

        if (errors.Count > 0)
        {
            throw new ArgumentException(string.Join('\n', errors));
        }
    }
}
