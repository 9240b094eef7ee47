using Npgsql;

namespace Grid.Storage.Postgres;

/// <summary>Times statements and says what each took; what it says never has a row's content.</summary>
/// <param name="time">Measures.</param>
/// <param name="observe">Is told; null for nobody.</param>
internal sealed class StatementTimer(TimeProvider time, Action<StatementRun>? observe)
{
    /// <summary>Runs a statement.</summary>
    public async Task<T> RunAsync<T>(PostgresStatement statement, Func<Task<T>> run, long rows = 0)
    {
        var begunAt = time.GetTimestamp();
        try
        {
            var answer = await run().ConfigureAwait(false);
            observe?.Invoke(new StatementRun(statement, time.GetElapsedTime(begunAt), rows, null));
            return answer;
        }
        catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException or InvalidOperationException)
        {
            observe?.Invoke(new StatementRun(statement, time.GetElapsedTime(begunAt), rows, (e as PostgresException)?.SqlState ?? "connection"));
            throw;
        }
    }

    /// <inheritdoc cref="RunAsync{T}"/>
    public Task RunAsync(PostgresStatement statement, Func<Task> run, long rows = 0) => RunAsync(
        statement,
        async () =>
        {
            await run().ConfigureAwait(false);
            return true;
        },
        rows);
}
