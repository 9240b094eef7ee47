using System.Text;
using Grid.Domain;
using Grid.Domain.Identifiers;

namespace Grid.Cli.Feeds;

/// <summary>
/// Epochs that say what is sent in them: the lowest 24 bits are a fingerprint of the files and of the options that make batches of them,
/// so that an epoch is never gone on with by rows that are not those it was begun with. Above them is the clock, or the number that was asked for.
/// </summary>
internal static class FeedEpoch
{
    /// <summary>Numbers below this are those that a user chooses; others are epochs as they were printed.</summary>
    public const ulong ChosenMax = 1UL << 36;

    private const int Bits = 24;
    private const ulong Mask = (1UL << Bits) - 1;
    private const int BytesCompared = 64 << 10;

    /// <summary>The epoch to connect with.</summary>
    /// <param name="asked">What <c>--epoch</c> says; 0 without it.</param>
    /// <param name="files">The files in their order; one that cannot be measured counts by its name.</param>
    /// <param name="options">The options that make batches of them.</param>
    /// <param name="now">The clock.</param>
    /// <exception cref="CommandFailure">The epoch was begun with other files or options.</exception>
    public static ulong Of(ulong asked, IReadOnlyList<string> files, string options, UnixNanos now)
    {
        var fingerprint = Fingerprint(files, options);
        if (asked == 0)
        {
            return ((ulong)now.Value & ~Mask) | fingerprint;
        }

        if (asked < ChosenMax)
        {
            return (asked << Bits) | fingerprint;
        }

        return (asked & Mask) == fingerprint ? asked
            : throw new CommandFailure($"--epoch {asked} was begun with other files or options than '{files[0]}'{Others(files)} now: going on would leave out rows unseen; without --epoch all is sent");
    }

    /// <summary>What a server's refusal of an epoch means where the epoch was chosen by the user.</summary>
    public static string ExplainStale(ulong asked, IReadOnlyList<string> files, string refusal) =>
        $"--epoch {asked} was begun with other files or options than '{files[0]}'{Others(files)} now, or a later one was used since: {refusal}";

    private static string Others(IReadOnlyList<string> files) => files.Count > 1 ? $" and {files.Count - 1} more" : string.Empty;

    private static ulong Fingerprint(IReadOnlyList<string> files, string options)
    {
        var crc = Crc32C.Append(0, Encoding.UTF8.GetBytes(options));
        foreach (var file in files)
        {
            crc = Crc32C.Append(crc, Encoding.UTF8.GetBytes(Path.GetFullPath(file)));
            if (File.Exists(file) && new FileInfo(file).Length > 0)
            {
                crc = AppendContent(crc, file);
            }
        }

        return crc & Mask;
    }

    // Length, beginning and end: a file that is longer or another differs in one of them, and no feed reads its files twice for it.
    private static uint AppendContent(uint crc, string file)
    {
        try
        {
            using var stream = File.OpenRead(file);
            var bytes = new byte[BytesCompared];
            crc = Crc32C.Append(crc, BitConverter.GetBytes(stream.Length));
            crc = Crc32C.Append(crc, bytes.AsSpan(0, stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)));
            stream.Seek(-Math.Min(stream.Length, BytesCompared), SeekOrigin.End);
            return Crc32C.Append(crc, bytes.AsSpan(0, stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure($"'{file}' cannot be read: {e.Message}", e);
        }
    }
}
