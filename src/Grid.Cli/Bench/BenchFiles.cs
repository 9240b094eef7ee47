using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Grid.Cli.Bench;

/// <summary>Folders of files, as benchmarks of the disk need them.</summary>
internal static partial class BenchFiles
{
    private const int DontNeed = 4;

    /// <summary>Copies a folder with all in it.</summary>
    public static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }

        foreach (var folder in Directory.EnumerateDirectories(from))
        {
            Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
        }
    }

    /// <summary>Bytes of all files in a folder; 0 if it is not there.</summary>
    public static long Bytes(string folder) => !Directory.Exists(folder) ? 0
        : new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length);

    /// <summary>Flushes the files of a folder and, where the system can, drops them from the memory that caches them.</summary>
    public static void Settle(string folder, bool forget)
    {
        foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            RandomAccess.FlushToDisk(file);
            if (forget && OperatingSystem.IsLinux())
            {
                _ = Advise(file, 0, 0, DontNeed);
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Advise(SafeFileHandle file, long offset, long length, int advice);
}
