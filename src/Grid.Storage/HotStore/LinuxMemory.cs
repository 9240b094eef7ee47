using System.Runtime.InteropServices;

namespace Grid.Storage.HotStore;

/// <summary>What .NET has no call for: taking the pages of a mapping before they are needed, and giving them back.</summary>
internal static unsafe partial class LinuxMemory
{
    private const int DoNotNeed = 4;
    private const int PopulateForWriting = 23;

    // A step holds up other changes of the process's mappings, and its processor where the kernel does not preempt itself: for about
    // 0.1 ms. All of them still delay other threads (`grid bench stream`); resting 1 ms after each helped, but was too slow for full ingest.
    private const long StepBytes = 128 << 10;

    /// <summary>
    /// Makes the pages of a mapping present and writable, so that writing there does not stop for each. Where the system
    /// cannot (other than Linux, or before 5.14) nothing happens, and they come one by one.
    /// </summary>
    public static void Populate(byte* address, long bytes)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        for (long at = 0; at < bytes; at += StepBytes)
        {
            if (Advise(address + at, (nint)Math.Min(StepBytes, bytes - at), PopulateForWriting) != 0)
            {
                return;
            }

            Thread.Yield();
        }
    }

    /// <summary>
    /// Gives back what a private mapping of a file has changed: its pages are the file's again, whose bytes must be the same. False where
    /// the system cannot; nothing has happened then.
    /// </summary>
    public static bool Forget(byte* address, long bytes) => OperatingSystem.IsLinux() && Advise(address, (nint)bytes, DoNotNeed) == 0;

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Advise(byte* address, nint bytes, int advice);
}
