using System.Runtime.InteropServices;

namespace Grid.Storage.Journal;

/// <summary>The two things .NET has no call for: making a folder durable, and taking space on the disk beforehand.</summary>
internal static partial class LinuxFiles
{
    private const int ReadOnlyCloseOnExec = 0x80000;
    private const int InterruptedErrno = 4;
    private const int InvalidErrno = 22;
    private const int NotSupportedErrno = 95;

    /// <summary>Makes the entries of a folder durable. Systems other than Linux do so by themselves or not at all.</summary>
    public static void FlushDirectory(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var descriptor = Open(path, ReadOnlyCloseOnExec);
        if (descriptor < 0)
        {
            throw Failure($"cannot open folder '{path}' to flush it");
        }

        try
        {
            while (Fsync(descriptor) < 0)
            {
                // Some network file systems cannot flush a folder; they order such changes themselves.
                var errno = Marshal.GetLastPInvokeError();
                if (errno is InvalidErrno or NotSupportedErrno)
                {
                    return;
                }

                if (errno != InterruptedErrno)
                {
                    throw Failure($"cannot flush folder '{path}'");
                }
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    /// <summary>Takes the space of the first <paramref name="length"/> bytes; false where the file system cannot.</summary>
    public static bool TryAllocate(SafeHandle file, string path, long length)
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        while (Fallocate(file, mode: 0, offset: 0, length) < 0)
        {
            var errno = Marshal.GetLastPInvokeError();
            if (errno == NotSupportedErrno)
            {
                return false;
            }

            if (errno != InterruptedErrno)
            {
                throw Failure($"cannot take {length} bytes of disk for '{path}'");
            }
        }

        return true;
    }

    // IOException carries errno as its HResult, as those of .NET's own file calls do.
    private static IOException Failure(string what)
    {
        var errno = Marshal.GetLastPInvokeError();
        return new IOException($"{what}: {Marshal.GetPInvokeErrorMessage(errno)}", errno);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "fallocate64", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Fallocate(SafeHandle file, int mode, long offset, long length);
}
