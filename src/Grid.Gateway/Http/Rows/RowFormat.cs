namespace Grid.Gateway.Http.Rows;

/// <summary>How rows are written.</summary>
internal enum RowFormat
{
    /// <summary>One JSON array of objects.</summary>
    Json,

    /// <summary>RFC 4180 with a header.</summary>
    Csv,

    /// <summary>A JSON object a line.</summary>
    Ndjson,
}
