namespace Grid.Storage.Postgres.Writing;

/// <summary>How many rows a flush may take: twice as many after a full one that was quick, half after a slow one.</summary>
public sealed class FlushSize(PostgresOptions options)
{
    /// <summary>Rows that the next flush may take.</summary>
    public int Rows { get; private set; } = options.FlushRowsMin;

    /// <summary>Learns from a flush.</summary>
    public void Learn(int rows, TimeSpan took)
    {
        if (took > options.CommitTarget)
        {
            Rows = Math.Max(options.FlushRowsMin, Rows / 2);
        }
        else if (rows >= Rows && took < options.CommitTarget / 2)
        {
            Rows = Math.Min(options.FlushRowsMax, Rows * 2);
        }
    }
}
