using System.Net;
using Grid.Client.Feed;
using Grid.Domain;
using Grid.Domain.Cusips;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Feed;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;
using Grid.Testing;

namespace Grid.Client.Tests.Feed;

public sealed class FeedClientTests
{
    [Fact]
    public async Task Events_arrive_as_they_were_added()
    {
        await using var rig = new FeedRig();
        await using var client = await rig.ConnectAsync();
        var source = FeedRig.Declare(client);
        var trade = FeedRig.Trade(client, source, 1);
        trade.Venue = client.Venue("XNAS"u8);
        trade.Channel = client.Channel("chan-1"u8);
        trade.Session = 20240301;
        trade.Conditions = 5;
        var run = new MarketEvent { Source = source, Instrument = client.Instrument("BOND"u8), F0 = Price.Of(99).Raw, Flags = EventFlags.BidSet };
        var detail = new RunDetail(Cusip.Parse("037833100"), 1, 2, 3, RunDetail.Absent, default);
        var definition = new MarketEvent { Source = source, Instrument = client.Instrument("BOND"u8) };

        Assert.True(client.TryAdd(in trade));
        Assert.True(client.TryAdd(in run, in detail));
        Assert.True(client.TryAdd(in definition, new InstrumentDefinition { Class = "bond", Cusip = detail.Cusip }));
        var totals = await client.DrainAsync(FeedRig.Cancel);

        var events = rig.Grid.Events.Select(e => e.Event).ToArray();
        Assert.Equal([EventKind.Trade, EventKind.Run, EventKind.Definition], events.Select(e => e.Kind));
        Assert.Equal("I1", rig.Grid.Names.Symbol(events[0].Instrument));
        Assert.Equal("XNAS", rig.Grid.Names.Venues.Text(events[0].Venue.Value));
        Assert.Equal("chan-1", rig.Grid.Names.Channels.Text((int)events[0].Channel.Value));
        Assert.Equal("S", rig.Grid.Names.Sources.Text(events[0].Source.Value));
        Assert.Equal((20240301u, 5u, Price.Of(1)), (events[0].Session, events[0].Conditions, events[0].Price));
        Assert.Equal("bond", (await rig.Grid.GetDefinitionAsync(events[2].Instrument, FeedRig.Cancel))!.Class);
        Assert.Equal((3L, 1L, 3L, 1L), (totals.Events, totals.Batches, totals.EventsAcknowledged, totals.BatchesAcknowledged));
        Assert.Equal((3L, 0L, 0), (totals.Outcomes[Outcome.Accepted], totals.EventsWithoutOutcome, totals.Reconnects));
    }

    [Fact]
    public async Task Names_get_numbers_from_1_and_keep_them()
    {
        await using var rig = new FeedRig();
        await using var client = await rig.ConnectAsync();

        Assert.Equal(1u, client.Instrument("A"u8).Value);
        Assert.Equal(2u, client.Instrument("B"u8).Value);
        Assert.Equal(1u, client.Instrument("A"u8).Value);
        Assert.Equal(1, client.GetOrAdd(NameKind.Venue, "A"u8));
        Assert.Throws<ArgumentException>(() => client.Instrument("A B"u8));
    }

    [Fact]
    public async Task A_full_batch_is_sent_by_itself()
    {
        await using var rig = new FeedRig();
        await using var client = await rig.ConnectAsync(o => o.BatchEvents = 10);
        var source = FeedRig.Declare(client);

        for (var n = 1; n <= 25; n++)
        {
            await client.AddAsync(FeedRig.Trade(client, source, n), FeedRig.Cancel);
        }

        await rig.Grid.WaitForEventsAsync(20);
        Assert.Equal((20L, 2L), (client.Totals.Events, client.Totals.Batches));
        await client.DrainAsync(FeedRig.Cancel);
        rig.AssertTrades(25);
    }

    [Fact]
    public async Task A_batch_that_is_not_full_is_sent_when_it_has_lingered()
    {
        var time = new ManualTime();
        await using var rig = new FeedRig();
        await using var client = await rig.ConnectAsync(o => o.Linger = TimeSpan.FromMilliseconds(30), time);
        var source = FeedRig.Declare(client);
        client.TryAdd(FeedRig.Trade(client, source, 1));
        time.Advance(TimeSpan.FromMilliseconds(29));
        client.TryAdd(FeedRig.Trade(client, source, 2));
        Assert.Equal(0, client.Totals.Batches);

        time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal((1L, 2L), (client.Totals.Batches, client.Totals.Events));
        await rig.Grid.WaitForEventsAsync(2);
    }

    [Fact]
    public async Task Many_events_at_once_are_cut_into_batches()
    {
        const int count = 100_000;
        await using var rig = new FeedRig();
        await using var client = await rig.ConnectAsync(o => o.BatchEvents = 777);
        var source = FeedRig.Declare(client);
        var events = Enumerable.Range(1, count).Select(n => FeedRig.Trade(client, source, n)).ToArray();

        await client.AddAsync(events.AsMemory(), FeedRig.Cancel);
        var totals = await client.DrainAsync(FeedRig.Cancel);

        rig.AssertTrades(count);
        Assert.Equal((count + 776) / 777, totals.BatchesAcknowledged);
        Assert.Equal(count, totals.Outcomes.Accepted);
    }

    [Fact]
    public async Task While_too_many_batches_are_outstanding_adding_has_to_wait()
    {
        await using var rig = new FeedRig();
        rig.Grid.HoldsAcknowledgements = true;
        await using var client = await rig.ConnectAsync(o => (o.BatchEvents, o.OutstandingBatches) = (1, 3));
        var source = FeedRig.Declare(client);

        // Three are retained, and a fourth stays open.
        for (var n = 1; n <= 4; n++)
        {
            Assert.True(client.TryAdd(FeedRig.Trade(client, source, n)));
        }

        Assert.False(client.TryAdd(FeedRig.Trade(client, source, 5)));
        var waiting = client.AddAsync(FeedRig.Trade(client, source, 5), FeedRig.Cancel);
        await rig.Grid.WaitForEventsAsync(3);
        Assert.False(waiting.IsCompleted);
        rig.Grid.ReleaseAcknowledgements();
        await waiting;
        await client.DrainAsync(FeedRig.Cancel);
        rig.AssertTrades(5);
    }

    [Fact]
    public async Task A_sender_keeps_to_the_servers_limit_of_outstanding_batches()
    {
        var grid = new RecordingGrid { HoldsAcknowledgements = true };
        await using var server = Gateway.Feed.FeedServer.Start(
            grid,
            new Gateway.Feed.FeedOptions { EndPoint = new IPEndPoint(IPAddress.Loopback, 0), OutstandingBatchesMax = 2 },
            TimeProvider.System,
            Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance);
        await using var client = await FeedClient.ConnectAsync(
            new FeedClientOptions { Server = server.EndPoint, Producer = "p", BatchEvents = 1, OutstandingBatches = 10 }, cancel: FeedRig.Cancel);
        var source = FeedRig.Declare(client);
        for (var n = 1; n <= 8; n++)
        {
            Assert.True(client.TryAdd(FeedRig.Trade(client, source, n)));
        }

        await grid.WaitForEventsAsync(2);
        grid.ReleaseAcknowledgements();
        var totals = await client.DrainAsync(FeedRig.Cancel);

        Assert.Equal((8L, 0), (totals.EventsAcknowledged, totals.Reconnects));
    }

    [Fact]
    public async Task Received_is_acknowledged_without_outcomes()
    {
        await using var rig = new FeedRig();
        await using var client = await rig.ConnectAsync(o => o.Ack = FeedAck.Received);
        client.TryAdd(FeedRig.Trade(client, FeedRig.Declare(client), 1));

        var totals = await client.DrainAsync(FeedRig.Cancel);

        Assert.Equal((1L, 1L, 0L), (totals.EventsAcknowledged, totals.EventsWithoutOutcome, totals.Outcomes.Total));
    }

    [Fact]
    public async Task A_source_cannot_change_what_it_declared()
    {
        await using var rig = new FeedRig();
        await using var client = await rig.ConnectAsync();
        FeedRig.Declare(client);
        FeedRig.Declare(client);

        var e = Assert.Throws<ArgumentException>(() => client.DeclareSource(new SourceDeclaration { Name = "S", Policy = DedupPolicy.None }));

        Assert.StartsWith("source 'S' was declared as ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_that_trying_again_cannot_help_is_thrown_by_the_next_call()
    {
        await using var rig = new FeedRig();
        await using var other = await rig.ConnectAsync(o => o.Producer = "other");
        FeedRig.Declare(other);
        other.TryAdd(FeedRig.Trade(other, new SourceId(1), 1));
        await other.DrainAsync(FeedRig.Cancel);
        await using var client = await rig.ConnectAsync();
        var source = client.DeclareSource(new SourceDeclaration { Name = "S", Policy = DedupPolicy.None });
        client.TryAdd(FeedRig.Trade(client, source, 1));

        var first = await Assert.ThrowsAsync<GridException>(() => client.DrainAsync(FeedRig.Cancel));
        var second = await Assert.ThrowsAsync<GridException>(() => client.DrainAsync(FeedRig.Cancel));

        Assert.Equal(GridErrorCode.SourceDiffers, first.Code);
        Assert.Contains("source 'S': it was declared with policy Sequence", first.Message, StringComparison.Ordinal);
        Assert.Equal(first.Message, second.Message);
        Assert.NotSame(first, second);
    }

    [Fact]
    public async Task A_batch_that_the_server_refuses_ends_the_client_and_names_the_batch()
    {
        await using var rig = new FeedRig();
        await using var client = await rig.ConnectAsync();
        var trade = FeedRig.Trade(client, FeedRig.Declare(client), 1);
        trade.Venue = new VenueId(99);
        client.TryAdd(in trade);

        var e = await Assert.ThrowsAsync<GridException>(() => client.DrainAsync(FeedRig.Cancel));

        Assert.Equal((GridErrorCode.UnknownName, "batch 1 was refused: batch 1, row 0: Name"), (e.Code, e.Message));
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_named()
    {
        using var taken = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));

        var e = await Assert.ThrowsAsync<GridException>(() => FeedClient.ConnectAsync(
            new FeedClientOptions { Server = taken.LocalEndPoint!, Producer = "p" }, cancel: FeedRig.Cancel));

        Assert.Equal(GridErrorCode.Unreachable, e.Code);
        Assert.StartsWith($"the server {taken.LocalEndPoint} cannot be reached: ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_server_says_to_hello_is_thrown()
    {
        await using var rig = new FeedRig();
        rig.Grid.RefuseNextFeed = new GridException(GridErrorCode.AckUnavailable, "no PostgreSQL is configured");

        var e = await Assert.ThrowsAsync<GridException>(() => rig.ConnectAsync(o => o.Ack = FeedAck.Committed));

        Assert.Equal((GridErrorCode.AckUnavailable, "no PostgreSQL is configured"), (e.Code, e.Message));
    }

    [Fact]
    public async Task A_closed_client_says_so()
    {
        await using var rig = new FeedRig();
        var client = await rig.ConnectAsync(o => o.BatchEvents = 1);
        var trade = FeedRig.Trade(client, FeedRig.Declare(client), 1);
        await client.DisposeAsync();
        await client.DisposeAsync();

        Assert.Equal(GridErrorCode.Stopping, Assert.Throws<GridException>(() => client.TryAdd(in trade)).Code);
    }
}
