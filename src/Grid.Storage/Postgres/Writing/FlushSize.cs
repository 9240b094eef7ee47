namespace Grid.Storage.Postgres.Writing;

/// <summary>How many rows a flush may take: twice as many after a full one that was quick, half after a slow one.</summary>
public sealed class FlushSize
{
    private readonly int _rowsMin;
    private readonly int _rowsMax;
    private readonly TimeSpan _target;

    /// <summary>Sizes within the bounds of options.</summary>
    public FlushSize(PostgresOptions options)
        : this(options.FlushRowsMin, options.FlushRowsMax, options.CommitTarget)
    {
    }

    internal FlushSize(int rowsMin, int rowsMax, TimeSpan target)
    {
        _rowsMin = rowsMin;
        _rowsMax = rowsMax;
        _target = target;
        Rows = rowsMin;
    }

    /// <summary>Rows that the next flush may take.</summary>
    public int Rows { get; private set; }

    /// <summary>Learns from a flush.</summary>
    public void Learn(int rows, TimeSpan took)
    {
        if (took > _target)
        {
            Rows = Math.Max(_rowsMin, Rows / 2);
        }
        else if (rows >= Rows && took < _target / 2)
        {
            Rows = Math.Min(_rowsMax, Rows * 2);
        }
    }
}
