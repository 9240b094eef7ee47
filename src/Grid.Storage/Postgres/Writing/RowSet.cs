namespace Grid.Storage.Postgres.Writing;

/// <summary>Rows of a flush that go into one table by COPY.</summary>
internal abstract class RowSet
{
    /// <summary>The table, for messages.</summary>
    public abstract string Table { get; }

    /// <summary>The statement that takes the rows.</summary>
    public abstract string Copy { get; }

    /// <summary>Its name.</summary>
    public abstract PostgresStatement CopyName { get; }

    /// <summary>The table that the rows are copied to on their way; null if they are copied right into theirs.</summary>
    public virtual string? Staging => null;

    /// <summary>The statement that makes it, unless this connection has it.</summary>
    public virtual string? Before => null;

    /// <summary>The statement that brings them from there into their table.</summary>
    public virtual string? After => null;

    /// <summary>Its name, where there is one.</summary>
    public virtual PostgresStatement AfterName => CopyName;

    /// <summary>How many there are.</summary>
    public abstract int Count { get; }

    /// <summary>Writes a row.</summary>
    public abstract void Write(CopyBuffer buffer, int index);

    /// <summary>A row that the database does not take, as one for the quarantine; null if it is none of an event.</summary>
    public virtual RejectedRow? Refuse(int index, string message) => null;
}

/// <summary>Rows in a list.</summary>
internal abstract class RowSet<T>(List<T> rows) : RowSet
{
    public override int Count => rows.Count;

    protected List<T> Rows => rows;

    public override void Write(CopyBuffer buffer, int index) => Write(buffer, in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(rows)[index]);

    protected abstract void Write(CopyBuffer buffer, in T row);
}
