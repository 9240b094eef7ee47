using Grid.Storage.Postgres;
using Grid.Storage.Postgres.Writing;
using Grid.Testing;

namespace Grid.Storage.Tests.Postgres;

public sealed class PostgresAttemptsTests
{
    private readonly ManualTime _time = new(new DateTimeOffset(2024, 3, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly PostgresOptions _options = new() { ConnectionString = "Host=db" };

    [Fact]
    public void Circuit_opens_after_five_failures_in_a_row_and_closes_after_three_successes()
    {
        var circuit = new Circuit(5, TimeSpan.FromSeconds(30), 3, _time);
        Repeat(4, circuit.Fail);
        circuit.Succeed();
        Repeat(4, circuit.Fail);
        Assert.Equal(CircuitState.Closed, circuit.State);
        circuit.Fail();
        Assert.Equal((CircuitState.Open, TimeSpan.FromSeconds(30), 1L), (circuit.State, circuit.Remaining, circuit.Opened));

        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal((CircuitState.Open, TimeSpan.FromSeconds(1)), (circuit.State, circuit.Remaining));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((CircuitState.HalfOpen, TimeSpan.Zero), (circuit.State, circuit.Remaining));
        Repeat(2, circuit.Succeed);
        Assert.Equal(CircuitState.HalfOpen, circuit.State);
        circuit.Succeed();
        Assert.Equal(CircuitState.Closed, circuit.State);
        Repeat(4, circuit.Fail);
        Assert.Equal(CircuitState.Closed, circuit.State);
    }

    [Fact]
    public void One_failure_of_a_half_open_circuit_opens_it_again()
    {
        var circuit = new Circuit(5, TimeSpan.FromSeconds(30), 3, _time);
        Repeat(5, circuit.Fail);
        _time.Advance(TimeSpan.FromSeconds(31));
        Repeat(2, circuit.Succeed);
        circuit.Fail();
        Assert.Equal((CircuitState.Open, TimeSpan.FromSeconds(30), 2L), (circuit.State, circuit.Remaining, circuit.Opened));
        _time.Advance(TimeSpan.FromSeconds(30));
        Repeat(2, circuit.Succeed);
        Assert.Equal(CircuitState.HalfOpen, circuit.State);
    }

    [Fact]
    public async Task Attempts_are_made_until_one_succeeds_with_longer_waits_and_then_none_for_half_a_minute()
    {
        var waits = new List<TimeSpan>();
        var attempts = new PostgresAttempts(_options, _time, (_, wait) => waits.Add(wait));
        var made = 0;
        var running = attempts.RunAsync(
            _ => ++made <= 6 ? throw new GridStorageException("no", isTransient: true) : Task.CompletedTask, _ => false, TestContext.Current.CancellationToken);
        while (!running.IsCompleted)
        {
            if (waits.Count == made)
            {
                _time.Advance(waits[^1] + TimeSpan.FromTicks(1));
            }

            await Task.Yield();
        }

        await running;
        Assert.Equal((7, 6L, 2L), (made, attempts.Failures, attempts.CircuitOpened));
        Assert.All(waits.Take(4), wait => Assert.InRange(wait, TimeSpan.Zero, TimeSpan.FromSeconds(5)));
        Assert.Equal([TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30)], waits.Skip(4));
        Assert.Equal(CircuitState.HalfOpen, attempts.Circuit);
    }

    [Fact]
    public async Task A_final_failure_is_not_tried_again()
    {
        var attempts = new PostgresAttempts(_options, _time, (_, _) => Assert.Fail("there is no next attempt"));
        var failure = await Assert.ThrowsAsync<GridStorageException>(() => attempts.RunAsync(
            _ => throw new GridStorageException("taken over"), e => !e.IsTransient, TestContext.Current.CancellationToken));
        Assert.Equal("taken over", failure.Message);
        Assert.Equal(1, attempts.Failures);
    }

    [Fact]
    public void Flushes_grow_while_they_are_full_and_quick_and_shrink_when_they_are_slow()
    {
        var size = new FlushSize(new PostgresOptions { FlushRowsMin = 1_000, FlushRowsMax = 5_000, CommitTarget = TimeSpan.FromSeconds(1) });
        Assert.Equal(1_000, size.Rows);
        size.Learn(999, TimeSpan.FromMilliseconds(10));
        Assert.Equal(1_000, size.Rows);
        size.Learn(1_000, TimeSpan.FromMilliseconds(499));
        Assert.Equal(2_000, size.Rows);
        size.Learn(2_000, TimeSpan.FromMilliseconds(500));
        Assert.Equal(2_000, size.Rows);
        Repeat(3, () => size.Learn(5_000, TimeSpan.Zero));
        Assert.Equal(5_000, size.Rows);
        size.Learn(1, TimeSpan.FromSeconds(1.1));
        Assert.Equal(2_500, size.Rows);
        Repeat(9, () => size.Learn(1, TimeSpan.FromSeconds(2)));
        Assert.Equal(1_000, size.Rows);
    }

    private static void Repeat(int times, Action action)
    {
        for (var i = 0; i < times; i++)
        {
            action();
        }
    }
}
