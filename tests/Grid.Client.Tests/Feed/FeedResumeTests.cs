using Grid.Client.Feed;
using Grid.Domain;
using Grid.Domain.Feed;
using Grid.Domain.Identifiers;
using Grid.Testing;

namespace Grid.Client.Tests.Feed;

public sealed class FeedResumeTests
{
    [Fact]
    public async Task A_batch_that_was_durable_when_its_acknowledgement_was_lost_is_not_sent_again()
    {
        await using var rig = new FeedRig();
        rig.Grid.HoldsAcknowledgements = true;
        await using var client = await rig.ConnectAsync(o => o.BatchEvents = 2);
        var source = await AddAsync(client, rig, from: 1, to: 4);
        await rig.Grid.WaitForEventsAsync(4);

        await rig.KillServerAsync();
        rig.Grid.MakeDurableSilently();
        rig.Grid.HoldsAcknowledgements = false;
        rig.StartServer();
        client.TryAdd(FeedRig.Trade(client, source, 5));
        var totals = await client.DrainAsync(FeedRig.Cancel);

        rig.AssertTrades(5);
        Assert.Equal((5L, 4L), (totals.EventsAcknowledged, totals.EventsWithoutOutcome));
        Assert.True(totals.Reconnects > 0);
    }

    [Fact]
    public async Task A_batch_that_was_lost_with_the_server_is_sent_again()
    {
        await using var rig = new FeedRig();
        rig.Grid.HoldsAcknowledgements = true;
        await using var client = await rig.ConnectAsync(o => o.BatchEvents = 2);
        await AddAsync(client, rig, from: 1, to: 6);
        await rig.Grid.WaitForEventsAsync(6);

        await rig.KillServerAsync();
        rig.Grid.Crash();
        Assert.Empty(rig.Grid.Events);
        rig.Grid.HoldsAcknowledgements = false;
        rig.StartServer();
        var totals = await client.DrainAsync(FeedRig.Cancel);

        rig.AssertTrades(6);
        Assert.Equal((6L, 0L), (totals.EventsAcknowledged, totals.EventsWithoutOutcome));
    }

    [Fact]
    public async Task A_batch_that_the_server_has_but_not_yet_on_disk_is_sent_again_and_applied_once()
    {
        await using var rig = new FeedRig();
        rig.Grid.HoldsAcknowledgements = true;
        await using var client = await rig.ConnectAsync(o => o.BatchEvents = 2);
        await AddAsync(client, rig, from: 1, to: 4);
        await rig.Grid.WaitForEventsAsync(4);

        rig.Relay.Cut();
        rig.Grid.HoldsAcknowledgements = false;
        var totals = await client.DrainAsync(FeedRig.Cancel);

        rig.AssertTrades(4);
        Assert.Equal((4L, 4L), (totals.EventsAcknowledged, totals.Outcomes.Duplicate));
    }

    [Fact]
    public async Task Names_and_sources_are_announced_again_and_new_ones_follow()
    {
        await using var rig = new FeedRig();
        await using var client = await rig.ConnectAsync();
        await AddAsync(client, rig, from: 1, to: 3);
        await client.DrainAsync(FeedRig.Cancel);

        rig.Relay.Cut();
        var second = FeedRig.Declare(client, "S2");
        for (var n = 4; n <= 10; n++)
        {
            client.TryAdd(FeedRig.Trade(client, second, n));
        }

        await client.DrainAsync(FeedRig.Cancel);

        rig.AssertTrades(10);
        Assert.Equal(["S", "S2"], rig.Grid.Events.Select(e => rig.Grid.Names.Sources.Text(e.Event.Source.Value)).Distinct());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task However_often_the_connection_breaks_every_event_is_applied_once_and_in_order(int seed)
    {
        const int count = 30_000;
        var random = new Random(seed);
        await using var rig = new FeedRig();
        var bytesLeft = 10_000;
        rig.Relay.CutsAfter = bytes =>
        {
            bytesLeft -= bytes;
            if (bytesLeft > 0)
            {
                return false;
            }

            bytesLeft = random.Next(1_000, 40_000);
            return true;
        };
        await using var client = await ConnectAsync(rig, o => (o.BatchEvents, o.OutstandingBatches) = (137, 9));
        var source = FeedRig.Declare(client);

        for (var n = 1; n <= count; n++)
        {
            await client.AddAsync(FeedRig.Trade(client, source, n), FeedRig.Cancel);
        }

        var totals = await client.DrainAsync(FeedRig.Cancel);

        rig.AssertTrades(count);
        Assert.True(totals.Reconnects > 3, $"seed {seed}: {totals.Reconnects} reconnects");
        Assert.Equal(count, totals.EventsAcknowledged);
    }

    [Fact]
    public async Task A_client_that_starts_again_in_the_same_epoch_goes_on_after_the_last_durable_batch()
    {
        await using var rig = new FeedRig();
        await using (var first = await rig.ConnectAsync(o => o.BatchEvents = 1))
        {
            await AddAsync(first, rig, from: 1, to: 3);
            await first.DrainAsync(FeedRig.Cancel);
        }

        await using var second = await ConnectAsync(rig, o => o.BatchEvents = 1);
        Assert.Equal(3UL, second.LastDurableBatch);
        await AddAsync(second, rig, from: 4, to: 5);
        await second.DrainAsync(FeedRig.Cancel);

        rig.AssertTrades(5);
        Assert.Equal([1UL, 2, 3, 4, 5], rig.Grid.Events.Select(e => e.Batch));
    }

    [Fact]
    public async Task Received_batches_that_a_crash_lost_are_given_up_and_the_rest_goes_on_in_a_new_epoch()
    {
        await using var rig = new FeedRig();
        await using var client = await rig.ConnectAsync(o => (o.Ack, o.BatchEvents) = (FeedAck.Received, 1));
        await AddAsync(client, rig, from: 1, to: 3);
        await client.DrainAsync(FeedRig.Cancel);

        await rig.KillServerAsync();
        rig.Grid.ForgetProducers();
        await AddAsync(client, rig, from: 4, to: 6);
        rig.StartServer();
        var totals = await client.DrainAsync(FeedRig.Cancel);

        rig.AssertTrades(6);
        Assert.Equal([1UL, 2, 3, 1, 2, 3], rig.Grid.Events.Select(e => e.Batch));
        Assert.Equal(8UL, client.Epoch);
        Assert.Equal(6, totals.EventsAcknowledged);
    }

    [Fact]
    public async Task Durable_batches_that_the_server_lost_are_an_error()
    {
        await using var rig = new FeedRig();
        await using var client = await rig.ConnectAsync(o => o.BatchEvents = 1);
        await AddAsync(client, rig, from: 1, to: 3);
        await client.DrainAsync(FeedRig.Cancel);

        await rig.KillServerAsync();
        rig.Grid.ForgetProducers();
        rig.StartServer();
        await AddAsync(client, rig, from: 4, to: 4);
        var e = await Assert.ThrowsAsync<GridException>(() => client.DrainAsync(FeedRig.Cancel));

        Assert.Equal(GridErrorCode.BatchTooOld, e.Code);
        Assert.Equal("the server has only batch 0 of this epoch, but acknowledged later ones as Journaled: its data is not what it was", e.Message);
    }

    [Fact]
    public async Task After_the_last_attempt_the_client_gives_up_and_says_why()
    {
        await using var rig = new FeedRig();
        await using var client = await rig.ConnectAsync(o => o.ReconnectAttemptsMax = 3);
        client.TryAdd(FeedRig.Trade(client, FeedRig.Declare(client), 1));
        rig.Relay.IsDown = true;
        rig.Relay.Cut();

        var e = await Assert.ThrowsAsync<GridException>(() => client.DrainAsync(FeedRig.Cancel));

        Assert.Equal(GridErrorCode.Unreachable, e.Code);
        Assert.StartsWith($"the connection to {rig.Relay.EndPoint} was lost and 3 attempts to go on failed; the last: ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_wait_between_attempts_doubles_up_to_its_limit()
    {
        var time = new ManualTime();
        await using var rig = new FeedRig();
        await using var client = await rig.ConnectAsync(
            o => (o.BackoffMin, o.BackoffMax, o.ReconnectAttemptsMax) = (TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(350), 4), time);
        client.TryAdd(FeedRig.Trade(client, FeedRig.Declare(client), 1));
        rig.Relay.IsDown = true;
        rig.Relay.Cut();

        foreach (var milliseconds in (int[])[100, 200, 350, 350])
        {
            await time.WaitForTimerAsync(TimeSpan.FromMilliseconds(milliseconds), FeedRig.Cancel);
            time.Advance(TimeSpan.FromMilliseconds(milliseconds));
        }

        var e = await Assert.ThrowsAsync<GridException>(() => client.DrainAsync(FeedRig.Cancel));
        Assert.Equal(GridErrorCode.Unreachable, e.Code);
    }

    [Fact]
    public async Task A_server_that_stops_politely_is_waited_for()
    {
        await using var rig = new FeedRig();
        await using var client = await rig.ConnectAsync();
        await rig.Server.DisposeAsync();
        rig.StartServer();

        await AddAsync(client, rig, from: 1, to: 3);
        await client.DrainAsync(FeedRig.Cancel);

        rig.AssertTrades(3);
    }

    [Fact]
    public async Task A_server_that_answers_no_sign_of_life_is_taken_for_lost()
    {
        var time = new ManualTime();
        var mute = new TaskCompletionSource();
        await using var rig = new FeedRig();
        await using var client = await rig.ConnectAsync(o => o.KeepAlive = TimeSpan.FromSeconds(1), time);
        rig.Relay.ServerSpeaks = mute.Task;
        await AddAsync(client, rig, from: 1, to: 1);
        await client.FlushAsync(FeedRig.Cancel);
        await rig.Grid.WaitForEventsAsync(1);

        time.Advance(TimeSpan.FromSeconds(4));
        await time.WaitForTimerAsync(TimeSpan.FromMilliseconds(1), FeedRig.Cancel);
        mute.SetResult();
        time.Advance(TimeSpan.FromMilliseconds(1));
        var draining = client.DrainAsync(FeedRig.Cancel);
        await PassBackoffsAsync(time, draining);

        Assert.True((await draining).Reconnects > 0);
        rig.AssertTrades(1);
    }

    private static async Task<SourceId> AddAsync(FeedClient client, FeedRig rig, int from, int to)
    {
        var source = FeedRig.Declare(client);
        for (var n = from; n <= to; n++)
        {
            await client.AddAsync(FeedRig.Trade(client, source, n), FeedRig.Cancel);
        }

        Assert.NotNull(rig);
        return source;
    }

    // Moves the clock by what the client waits between attempts, and by nothing else, until something is done.
    private static async Task PassBackoffsAsync(ManualTime time, Task done)
    {
        while (!done.IsCompleted)
        {
            var next = time.NextTimerAsync(FeedRig.Cancel).AsTask();
            if (await Task.WhenAny(done, next) == next && await next is { TotalMilliseconds: > 0 and <= 20 } wait)
            {
                time.Advance(wait);
            }
        }
    }

    // The first connection is not tried again by the client, and the wire may be cut during it, or the server may not
    // have noticed yet that the connection before it is over.
    private static async Task<FeedClient> ConnectAsync(FeedRig rig, Action<FeedClientOptions> configure)
    {
        while (true)
        {
            try
            {
                return await rig.ConnectAsync(configure);
            }
            catch (GridException e) when (GridError.MayRetry(e.Code))
            {
                await Task.Yield();
            }
        }
    }
}
