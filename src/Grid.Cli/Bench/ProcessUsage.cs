using System.Diagnostics;
using System.Globalization;

namespace Grid.Cli.Bench;

/// <summary>What a process has used since it started. Figures that only Linux tells are 0 elsewhere.</summary>
/// <param name="CpuSeconds">Processor time, user and system, in steps of 10 ms.</param>
/// <param name="PeakRssBytes">Most memory that was resident at a time, pages of mapped files included.</param>
/// <param name="AnonymousBytes">Resident memory now that is no mapped file.</param>
/// <param name="BytesWritten">Bytes that it has caused to be written to disks, by writes and by mapped pages.</param>
internal sealed record ProcessUsage(double CpuSeconds, long PeakRssBytes, long AnonymousBytes, long BytesWritten)
{
    /// <summary>Nothing used.</summary>
    public static ProcessUsage None { get; } = new(0, 0, 0, 0);

    /// <summary>Reads the figures of a process that runs.</summary>
    public static ProcessUsage Of(Process process)
    {
        process.Refresh();
        var cpu = process.TotalProcessorTime.TotalSeconds;
        if (!OperatingSystem.IsLinux())
        {
            return new ProcessUsage(cpu, process.PeakWorkingSet64, 0, 0);
        }

        var folder = $"/proc/{process.Id}";
        return new ProcessUsage(
            cpu,
            1024 * Field($"{folder}/status", "VmHWM:"),
            1024 * Field($"{folder}/status", "RssAnon:"),
            Field($"{folder}/io", "write_bytes:"));
    }

    /// <summary>Bytes of all file pages that wait to be written to disks, in this whole machine; 0 where it is not told.</summary>
    public static long DirtyBytes() => OperatingSystem.IsLinux()
        ? 1024 * (Field("/proc/meminfo", "Dirty:") + Field("/proc/meminfo", "Writeback:"))
        : 0;

    private static long Field(string file, string name)
    {
        try
        {
            var line = File.ReadLines(file).FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line[name.Length..].Replace("kB", string.Empty, StringComparison.Ordinal), CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
