using System.Net;
using System.Net.Sockets;
using System.Text;
using Grid.Gateway.Ilp;
using Grid.Gateway.Tests.Http;
using Grid.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grid.Gateway.Tests.Ilp;

public sealed class IlpServerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lines_are_taken_in_order_and_bad_ones_leave_the_connection_open()
    {
        var grid = new RecordingGrid();
        await using var server = Start(grid);
        using var client = await ConnectAsync(server);

        await SendAsync(client, GridFixture.Trades(2) + "nonsense\n" + GridFixture.Trades(2, first: 3));
        await grid.WaitForEventsAsync(4);
        await SendAsync(client, GridFixture.Trades(1, first: 5));
        await grid.WaitForEventsAsync(5);

        Assert.Equal(["1", "2", "3", "4", "5"], grid.Events.Select(e => e.Event.Size.ToString()));
        Assert.Equal(1, server.LinesRefused);
    }

    [Fact]
    public async Task A_line_is_put_together_whatever_pieces_it_comes_in()
    {
        var grid = new RecordingGrid();
        await using var server = Start(grid);
        using var client = await ConnectAsync(server);

        foreach (var one in Encoding.UTF8.GetBytes(GridFixture.Trades(2)))
        {
            await client.SendAsync(new[] { one }, Cancel);
        }

        await grid.WaitForEventsAsync(2);
        Assert.Equal(["1", "2"], grid.Events.Select(e => e.Event.Size.ToString()));
    }

    [Fact]
    public async Task A_line_that_the_connections_end_cuts_is_not_taken()
    {
        var grid = new RecordingGrid();
        await using var server = Start(grid);
        using (var client = await ConnectAsync(server))
        {
            await SendAsync(client, "trade,instrument=A price=1,size=1 1\ntrade,instrument=A price=1,size=1");
            client.Shutdown(SocketShutdown.Send);
            Assert.Equal(0, await client.ReceiveAsync(new byte[1], Cancel));
        }

        await grid.WaitForEventsAsync(1);
        Assert.Equal("1", Assert.Single(grid.Events).Event.Size.ToString());
    }

    [Fact]
    public async Task A_line_over_the_limit_is_refused_and_the_connection_goes_on()
    {
        var grid = new RecordingGrid();
        await using var server = Start(grid, o => o.LineBytesMax = 1024);
        using var client = await ConnectAsync(server);

        await SendAsync(client, $"trade,instrument={new string('A', 200_000)} price=1,size=1 1\n" + GridFixture.Trades(1));
        await grid.WaitForEventsAsync(1);

        Assert.Equal((1, 1L), (grid.Events.Count, server.LinesRefused));
    }

    [Fact]
    public async Task A_client_that_sends_a_byte_now_and_then_is_closed()
    {
        var time = new ManualTime();
        await using var server = Start(new RecordingGrid(), time: time);
        using var client = await ConnectAsync(server);

        // The server never has more than the beginning of a line; each byte comes well within the time that a line has.
        var line = Encoding.UTF8.GetBytes("trade,instrument=A");
        var isClosed = false;
        for (var at = 0; !isClosed; at++)
        {
            isClosed = at < line.Length ? !await TrySendAsync(client, line.AsMemory(at, 1)) : server.Connections == 0;
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal(0, server.LinesRefused);
    }

    [Fact]
    public async Task A_client_that_says_nothing_is_closed_after_the_idle_time_and_not_before()
    {
        var time = new ManualTime();
        var grid = new RecordingGrid();
        await using var server = Start(grid, time: time);
        using var client = await ConnectAsync(server);
        await SendAsync(client, GridFixture.Trades(1));
        await grid.WaitForEventsAsync(1);

        time.Advance(TimeSpan.FromMinutes(9));
        await SendAsync(client, GridFixture.Trades(1, first: 2));
        await grid.WaitForEventsAsync(2);
        var closed = client.ReceiveAsync(new byte[1], Cancel).AsTask();
        while (!closed.IsCompleted)
        {
            time.Advance(TimeSpan.FromMinutes(1));
            await Task.Yield();
        }

        Assert.Equal(0, await closed);
    }

    [Fact]
    public async Task One_connection_more_than_allowed_is_closed()
    {
        var grid = new RecordingGrid();
        await using var server = Start(grid, o => o.ConnectionsMax = 1);
        using var first = await ConnectAsync(server);
        await SendAsync(first, GridFixture.Trades(1));
        await grid.WaitForEventsAsync(1);

        using var second = await ConnectAsync(server);

        Assert.Equal(0, await second.ReceiveAsync(new byte[1], Cancel));
        await SendAsync(first, GridFixture.Trades(1, first: 2));
        await grid.WaitForEventsAsync(2);
    }

    [Fact]
    public async Task More_connections_than_feeds_all_make_progress()
    {
        var grid = new RecordingGrid();
        await using var server = Start(grid, o => o.PublishersMax = 2);
        var clients = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => ConnectAsync(server)));

        await Task.WhenAll(clients.Select((client, i) => SendAsync(client, GridFixture.Trades(5_000, symbol: $"S{i}", tags: $",channel=c{i}"))));
        await grid.WaitForEventsAsync(50_000);

        foreach (var bySymbol in grid.Events.GroupBy(e => e.Event.Instrument))
        {
            Assert.Equal(Enumerable.Range(1, 5_000).Select(i => (ulong)i), bySymbol.Select(e => e.Event.Sequence));
        }

        Array.ForEach(clients, c => c.Dispose());
    }

    [Fact]
    public void Defaults_are_in_range()
    {
        var options = new IlpOptions();

        options.Validate();

        Assert.Equal(("127.0.0.1:7402", 1024, 64 << 10, 8), (options.EndPoint.ToString(), options.ConnectionsMax, options.LineBytesMax, options.PublishersMax));
        Assert.Equal((TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(10), "ns", "ilp", null, null), (options.LineTimeout, options.IdleTimeout, options.Precision, options.Source, options.Mapping, options.Tls));
    }

    [Fact]
    public void Every_option_out_of_its_range_is_named()
    {
        var options = new IlpOptions
        {
            EndPoint = new IPEndPoint(IPAddress.Any, 1),
            ConnectionsMax = 0,
            LineBytesMax = 10,
            LineTimeout = TimeSpan.Zero,
            IdleTimeout = TimeSpan.FromDays(2),
            PublishersMax = 100,
            Precision = "d",
            Source = "a b",
            Mapping = "nowhere.json",
        };

        var e = Assert.Throws<ArgumentException>(options.Validate);

        Assert.StartsWith(
            """
            Ilp option EndPoint is 0.0.0.0:1, which is not a loopback address; that needs API keys, and the key file has none ('grid keys create' makes one).
            Ilp option EndPoint is 0.0.0.0:1, which is not a loopback address; that needs the option Tls, or keys and events would go in clear text.
            Ilp option ConnectionsMax is 0; it must be 1 to 16384 connections.
            Ilp option LineBytesMax is 10; it must be 1024 to 1048576 bytes.
            Ilp option LineTimeout is 00:00:00; it must be 00:00:01 to 00:10:00.
            Ilp option IdleTimeout is 2.00:00:00; it must be 00:00:01 to 1.00:00:00.
            Ilp option PublishersMax is 100; it must be 1 to 64 feeds.
            Ilp option Source: name 'a b' has byte 0x20 at position 1; only printable ASCII without spaces (0x21 to 0x7E) is allowed.
            Ilp option Precision is d; it must be one of ns, n, us, u, µ, ms, s, m, h.
            Ilp option: mapping 'nowhere.json': 
            """.Trim(),
            e.Message,
            StringComparison.Ordinal);
    }

    private static IlpServer Start(RecordingGrid grid, Action<IlpOptions>? configure = null, TimeProvider? time = null)
    {
        var options = new IlpOptions { EndPoint = new IPEndPoint(IPAddress.Loopback, 0) };
        configure?.Invoke(options);
        return IlpServer.Start(grid, options, time ?? TimeProvider.System, NullLoggerFactory.Instance);
    }

    private static async Task<Socket> ConnectAsync(IlpServer server)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(server.EndPoint, Cancel);
        return socket;
    }

    private static async Task<bool> TrySendAsync(Socket socket, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await socket.SendAsync(bytes, Cancel);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static async Task SendAsync(Socket socket, string text)
    {
        ReadOnlyMemory<byte> rest = Encoding.UTF8.GetBytes(text);
        while (!rest.IsEmpty)
        {
            rest = rest[await socket.SendAsync(rest, Cancel)..];
        }
    }
}
