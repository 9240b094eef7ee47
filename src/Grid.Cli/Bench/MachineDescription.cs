using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Grid.Cli.Bench;

/// <summary>The machine that a benchmark ran on, with what its disk does just before.</summary>
/// <param name="Cpu">Model.</param>
/// <param name="Cores">Logical cores that the process may use.</param>
/// <param name="MemoryBytes">Memory that it may use.</param>
/// <param name="System">Operating system and kernel.</param>
/// <param name="Runtime">.NET.</param>
/// <param name="LoadAverage">Processes that ran or wanted to, over the last minute, before the benchmark; -1 where it is not told.</param>
/// <param name="DiskFlushedMegabytesPerSecond">Sequential writes of 1 MB, each flushed.</param>
/// <param name="DiskFlushMilliseconds">Median time of a flush after 4 KB.</param>
internal sealed record MachineDescription(
    string Cpu,
    int Cores,
    long MemoryBytes,
    string System,
    string Runtime,
    double LoadAverage,
    double DiskFlushedMegabytesPerSecond,
    double DiskFlushMilliseconds)
{
    private const int LargeBytes = 1 << 20;
    private const int LargeWrites = 256;
    private const int SmallBytes = 4 << 10;
    private const int SmallWrites = 200;

    /// <summary>Describes this machine; measures the disk of a folder for a second or two.</summary>
    public static MachineDescription Measure(string folder)
    {
        var load = LoadNow();
        var file = Path.Combine(folder, "disk-speed.tmp");
        try
        {
            using var handle = File.OpenHandle(file, FileMode.Create, FileAccess.Write, FileShare.None, FileOptions.None, (long)LargeBytes * LargeWrites);
            var large = Times(handle, LargeBytes, LargeWrites);
            var small = Times(handle, SmallBytes, SmallWrites);
            Array.Sort(small);
            return new MachineDescription(
                CpuModel(),
                Environment.ProcessorCount,
                GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
                RuntimeInformation.OSDescription,
                RuntimeInformation.FrameworkDescription,
                load,
                Math.Round(LargeBytes * (double)LargeWrites / large.Sum() / 1e6, 1),
                Math.Round(small[SmallWrites / 2] * 1e3, 3));
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Cpu}, {Cores} cores, {MemoryBytes / (double)(1 << 30):F1} GB, {System}, {Runtime}; load {LoadAverage:F2} before; disk {DiskFlushedMegabytesPerSecond:F0} MB/s in flushed blocks of 1 MB, {DiskFlushMilliseconds:F2} ms for a flush after 4 KB";

    private static double[] Times(Microsoft.Win32.SafeHandles.SafeFileHandle handle, int bytes, int writes)
    {
        var block = new byte[bytes];
        var seconds = new double[writes];
        for (var i = 0; i < writes; i++)
        {
            block.AsSpan().Fill((byte)i);
            var startedAt = Stopwatch.GetTimestamp();
            RandomAccess.Write(handle, block, (long)i * bytes);
            RandomAccess.FlushToDisk(handle);
            seconds[i] = Stopwatch.GetElapsedTime(startedAt).TotalSeconds;
        }

        return seconds;
    }

    private static string CpuModel()
    {
        const string Info = "/proc/cpuinfo";
        var line = File.Exists(Info) ? File.ReadLines(Info).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line is null ? RuntimeInformation.ProcessArchitecture.ToString() : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }

    private static double LoadNow()
    {
        const string Load = "/proc/loadavg";
        return File.Exists(Load) ? double.Parse(File.ReadAllText(Load).Split(' ')[0], CultureInfo.InvariantCulture) : -1;
    }
}
