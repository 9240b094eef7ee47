using System.Runtime.InteropServices;

namespace Grid.Storage.HotStore;

/// <summary>What .NET has no call for: taking the pages of a mapping before they are needed.</summary>
internal static unsafe partial class LinuxMemory
{
    private const int PopulateForWriting = 23;

    // A step takes a processor, which many systems take back from nobody inside a system call, and holds up other changes of
    // the process's mappings: for about 0.1 ms. Whoever waits for the processor has it after that.
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

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Advise(byte* address, nint bytes, int advice);
}
