namespace Grid.Storage.Parquet;

/// <summary>What a reader is willing to hold in memory. A file that asks for more is refused, whatever its size.</summary>
internal static class ParquetLimits
{
    /// <summary>Largest footer: a hundred columns in five thousand row groups. What it says takes up to 40 times as much in memory.</summary>
    public const int FooterBytesMax = 64 << 20;

    /// <summary>Most elements of a schema, groups included.</summary>
    public const int SchemaElementsMax = 1 << 16;

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
