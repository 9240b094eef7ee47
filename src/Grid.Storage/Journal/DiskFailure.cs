namespace Grid.Storage.Journal;

/// <summary>Turns what the operating system says of a disk into what a person can act on.</summary>
internal static class DiskFailure
{
    /// <summary>What an <see cref="IOException"/> carries when the disk is full: ENOSPC.</summary>
    public const int FullErrno = 28;

    private const int QuotaErrno = 122;
    private const int WindowsDiskFull = unchecked((int)0x80070070);
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);

    public static bool Is(Exception failure) => failure is IOException or UnauthorizedAccessException;

    /// <summary>An exception that says what failed and why; if the disk is full, also how much is needed.</summary>
    public static GridStorageException Explain(string what, Exception failure, long bytesNeeded = 0) => new(
        IsFull(failure)
            ? $"{what}: the disk is full; a segment needs {bytesNeeded} bytes. Free space and restart. ({failure.Message})"
            : $"{what}: {failure.Message}",
        innerException: failure);

    private static bool IsFull(Exception failure) =>
        failure is IOException { HResult: FullErrno or QuotaErrno or WindowsDiskFull or WindowsHandleDiskFull };
}
