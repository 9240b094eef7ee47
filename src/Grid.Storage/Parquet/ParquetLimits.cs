namespace Grid.Storage.Parquet;

/// <summary>What a reader is willing to hold in memory. A file that asks for more is refused, whatever its size.</summary>
internal static class ParquetLimits
{
    /// <summary>Largest footer: a thousand columns in ten thousand row groups take about a fifth of it for the columns of each.</summary>
    public const int FooterBytesMax = 128 << 20;

    /// <summary>Largest page header. Writers put whole minimum and maximum values of long texts there.</summary>
    public const int PageHeaderBytesMax = 16 << 20;

    /// <summary>Largest page, before and after decompression, and largest sum of the bytes of its values. Writers aim at 1 MB.</summary>
    public const int PageBytesMax = 256 << 20;

    /// <summary>Most values of one page: at 4 bytes of position each 64 MB.</summary>
    public const int PageValuesMax = 1 << 24;

    /// <summary>Largest bloom filter that is read: the format's own limit is 128 MB, and writers stop at 1 MB unless told otherwise.</summary>
    public const int BloomFilterBytesMax = 32 << 20;

    /// <summary>Deepest nesting of schemas and of unknown parts of the metadata.</summary>
    public const int DepthMax = 32;
}
