using System.Collections;

namespace Grid.Client.Query;

/// <summary>Rows of one answer, and what the server says of what it left out.</summary>
/// <typeparam name="T">What a row is.</typeparam>
public sealed class RowPage<T> : IReadOnlyList<T>
{
    private readonly IReadOnlyList<T> _rows;

    internal RowPage(IReadOnlyList<T> rows, string? next, bool isComplete, bool amendmentPending)
    {
        _rows = rows;
        Next = next;
        IsComplete = isComplete;
        AmendmentPending = amendmentPending;
    }

    /// <summary>The cursor of the next page; null if this is the last.</summary>
    public string? Next { get; }

    /// <summary>Of ticks and bars: false if there is more than the limit let through, or if older rows of the range may have left the hot store.</summary>
    public bool IsComplete { get; }

    /// <summary>Of ticks: true if a cancel or correction is known whose trade lies beyond what is kept.</summary>
    public bool AmendmentPending { get; }

    /// <inheritdoc/>
    public int Count => _rows.Count;

    /// <inheritdoc/>
    public T this[int index] => _rows[index];

    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator() => _rows.GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
