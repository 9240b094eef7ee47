using System.Net;
using Grid.Client.Feed;
using Grid.Domain.Feed;

namespace Grid.Client.Tests.Feed;

public sealed class FeedClientOptionsTests
{
    [Fact]
    public void Defaults_are_in_range()
    {
        var options = new FeedClientOptions { Producer = "p" };

        options.Validate();

        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 7401), options.Server);
        Assert.Equal((0UL, FeedAck.Journaled, 8192, 32, 20), (options.Epoch, options.Ack, options.BatchEvents, options.OutstandingBatches, options.ReconnectAttemptsMax));
        Assert.Equal((null, null), (options.ApiKey, options.Tls));
        Assert.Equal(TimeSpan.FromMilliseconds(20), options.Linger);
        Assert.Equal(TimeSpan.FromSeconds(5), options.ConnectTimeout);
        Assert.Equal(TimeSpan.FromMilliseconds(50), options.BackoffMin);
        Assert.Equal(TimeSpan.FromSeconds(5), options.BackoffMax);
        Assert.Equal(TimeSpan.FromSeconds(15), options.KeepAlive);
    }

    [Fact]
    public void Every_option_out_of_its_range_is_named()
    {
        var options = new FeedClientOptions
        {
            Producer = "a b",
            ApiKey = new string('x', 65),
            Ack = (FeedAck)3,
            BatchEvents = 0,
            Linger = TimeSpan.FromSeconds(11),
            OutstandingBatches = 513,
            ConnectTimeout = TimeSpan.Zero,
            ReconnectAttemptsMax = -1,
            BackoffMin = TimeSpan.FromMinutes(2),
            BackoffMax = TimeSpan.FromSeconds(1),
            KeepAlive = TimeSpan.FromHours(1),
        };

        var e = Assert.Throws<ArgumentException>(options.Validate);

        Assert.Equal(
            """
            Feed client option Producer: name 'a b' has byte 0x20 at position 1; only printable ASCII without spaces (0x21 to 0x7E) is allowed.
            Feed client option ApiKey has 65 characters; it must have 1 to 64, all of them ASCII.
            Feed client option Ack is 3; it must be Received, Journaled or Committed.
            Feed client option BatchEvents is 0; it must be 1 to 16384.
            Feed client option Linger is 00:00:11; it must be 00:00:00 to 00:00:10.
            Feed client option OutstandingBatches is 513; it must be 1 to 512.
            Feed client option ConnectTimeout is 00:00:00; it must be 00:00:00.1000000 to 00:01:00.
            Feed client option ReconnectAttemptsMax is -1; it must be 0 to 1000000.
            Feed client option BackoffMin is 00:02:00; it must be 00:00:00.0010000 to 00:01:00.
            Feed client option BackoffMax is 00:00:01; it must be 00:02:00 to 00:10:00.
            Feed client option KeepAlive is 01:00:00; it must be 00:00:00.1000000 to 00:10:00.
            """,
            e.Message);
    }
}
