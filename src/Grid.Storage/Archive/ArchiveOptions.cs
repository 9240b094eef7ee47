using Grid.Storage.Parquet;

namespace Grid.Storage.Archive;

/// <summary>Options of the archive; <see cref="Validate"/> names every one that is out of its range.</summary>
public sealed class ArchiveOptions
{
    /// <summary>Rows that are gathered in memory, at 104 bytes, before they are published: 1,000 to 16 million, 1 million by default.</summary>
    public int RowsMax { get; set; } = 1 << 20;

    /// <summary>How long an event that is flushed may wait until it is published: 1 s to 1 day, 15 minutes by default.</summary>
    public TimeSpan PublishAfter { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>After how long a publication that the disk refused is tried again: 1 s to 1 hour, 10 s by default.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How pages are compressed: Snappy by default, which every reader has.</summary>
    public ParquetCodec Codec { get; set; } = ParquetCodec.Snappy;

    /// <summary>Throws if an option is out of its range.</summary>
    /// <exception cref="ArgumentException">One line for each option that is: its name, its value and the rule.</exception>
    public void Validate()
    {
        var errors = new List<string>();
        Check(RowsMax is >= 1_000 and <= 1 << 24, $"Archive option {nameof(RowsMax)} is {RowsMax}; it must be 1000 to 16777216.");
        Check(PublishAfter >= TimeSpan.FromSeconds(1) && PublishAfter <= TimeSpan.FromDays(1), $"Archive option {nameof(PublishAfter)} is {PublishAfter}; it must be 00:00:01 to 1.00:00:00.");
        Check(RetryDelay >= TimeSpan.FromSeconds(1) && RetryDelay <= TimeSpan.FromHours(1), $"Archive option {nameof(RetryDelay)} is {RetryDelay}; it must be 00:00:01 to 01:00:00.");
        Check(
            Codec is ParquetCodec.Uncompressed or ParquetCodec.Snappy or ParquetCodec.Gzip or ParquetCodec.Brotli or ParquetCodec.Zstd or ParquetCodec.Lz4Raw,
            $"Archive option {nameof(Codec)} is {Codec}; it must be Uncompressed, Snappy, Gzip, Brotli, Zstd or Lz4Raw.");
        if (errors.Count > 0)
        {
            throw new ArgumentException(string.Join('\n', errors));
        }

        void Check(bool holds, string error)
        {
            if (!holds)
            {
                errors.Add(error);
            }
        }
    }
}
