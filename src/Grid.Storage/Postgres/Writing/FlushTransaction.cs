using Npgsql;

namespace Grid.Storage.Postgres.Writing;

/// <summary>Puts the rows of a flush into their tables, in a transaction that somebody else has begun.</summary>
/// <param name="connection">The connection.</param>
/// <param name="transaction">The transaction.</param>
/// <param name="buffer">For rows on their way.</param>
/// <param name="timer">Times the statements.</param>
/// <param name="isCareful">
/// True to find the rows that the database refuses: what it refuses is halved until the row is alone. False to give up at the
/// first refusal, which is quicker where there is none.
/// </param>
internal sealed class FlushTransaction(NpgsqlConnection connection, NpgsqlTransaction transaction, CopyBuffer buffer, StatementTimer timer, bool isCareful)
{
    // More than these are no bad rows but something that is wrong with the database.
    private const int RefusedMax = 1000;
    private const string Savepoint = "rows";

    private readonly List<(RowSet Set, int Index, string Message)> _refused = [];

    /// <summary>Rows that the database refused, with what it said.</summary>
    public IReadOnlyList<(RowSet Set, int Index, string Message)> Refused => _refused;

    /// <summary>True if the database refuses a row for what is in it, and will refuse it again.</summary>
    public static bool IsRefusal(PostgresException e) =>
        e.SqlState.StartsWith("22", StringComparison.Ordinal)
        || e.SqlState.StartsWith("23", StringComparison.Ordinal)
        || e.SqlState == PostgresErrorCodes.RaiseException;

    /// <summary>Puts in all rows of a set.</summary>
    public async Task PutAsync(RowSet set, CancellationToken cancel)
    {
        if (set.Count == 0)
        {
            return;
        }

        if (set.Before is { } before)
        {
            await ExecuteAsync(PostgresStatement.MakeStaging, before, 0, cancel).ConfigureAwait(false);
        }

        await (isCareful ? PutCarefullyAsync(set, 0, set.Count, cancel) : PutAsync(set, 0, set.Count, cancel)).ConfigureAwait(false);
    }

    private async Task PutCarefullyAsync(RowSet set, int from, int count, CancellationToken cancel)
    {
        await timer.RunAsync(PostgresStatement.Savepoint, () => transaction.SaveAsync(Savepoint, cancel)).ConfigureAwait(false);
        try
        {
            await PutAsync(set, from, count, cancel).ConfigureAwait(false);
            if (set.Staging is { } staging)
            {
                await ExecuteAsync(PostgresStatement.ClearStaging, $"DELETE FROM {staging}", count, cancel).ConfigureAwait(false);
            }

            await timer.RunAsync(PostgresStatement.Savepoint, () => transaction.ReleaseAsync(Savepoint, cancel)).ConfigureAwait(false);
            return;
        }
        catch (PostgresException e) when (IsRefusal(e) && (count > 1 || _refused.Count < RefusedMax))
        {
            await timer.RunAsync(PostgresStatement.Savepoint, () => transaction.RollbackAsync(Savepoint, cancel)).ConfigureAwait(false);
            await timer.RunAsync(PostgresStatement.Savepoint, () => transaction.ReleaseAsync(Savepoint, cancel)).ConfigureAwait(false);
            if (count == 1)
            {
                _refused.Add((set, from, $"{e.MessageText} ({e.SqlState})"));
                return;
            }
        }

        await PutCarefullyAsync(set, from, count / 2, cancel).ConfigureAwait(false);
        await PutCarefullyAsync(set, from + (count / 2), count - (count / 2), cancel).ConfigureAwait(false);
    }

    private async Task PutAsync(RowSet set, int from, int count, CancellationToken cancel)
    {
        await timer.RunAsync(set.CopyName, () => CopyAsync(set, from, count, cancel), count).ConfigureAwait(false);
        if (set.After is { } after)
        {
            await ExecuteAsync(set.AfterName, after, count, cancel).ConfigureAwait(false);
        }
    }

    private async Task CopyAsync(RowSet set, int from, int count, CancellationToken cancel)
    {
        var stream = await connection.BeginRawBinaryCopyAsync(set.Copy, cancel).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            buffer.Clear();
            buffer.Begin();
            for (var i = from; i < from + count; i++)
            {
                set.Write(buffer, i);
                if (buffer.IsFull)
                {
                    await stream.WriteAsync(buffer.Filled, cancel).ConfigureAwait(false);
                    buffer.Clear();
                }
            }

            buffer.End();
            await stream.WriteAsync(buffer.Filled, cancel).ConfigureAwait(false);
        }
    }

    private async Task ExecuteAsync(PostgresStatement name, string sql, long rows, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection, transaction);
        await timer.RunAsync(name, () => command.ExecuteNonQueryAsync(cancel), rows).ConfigureAwait(false);
    }
}
