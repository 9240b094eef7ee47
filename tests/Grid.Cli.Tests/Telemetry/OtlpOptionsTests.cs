using Grid.Cli.Telemetry;

namespace Grid.Cli.Tests.Telemetry;

public sealed class OtlpOptionsTests
{
    [Fact]
    public void Nothing_is_sent_unless_an_endpoint_is_configured()
    {
        var options = new OtlpOptions();
        options.Validate();

        Assert.Null(options.Collector);
        Assert.Equal(("", "grpc", TimeSpan.FromSeconds(15)), (options.Endpoint, options.Protocol, options.Interval));
    }

    [Fact]
    public void All_that_is_wrong_is_named_in_one_message()
    {
        var options = new OtlpOptions { Endpoint = "collector:4317", Protocol = "smoke", Interval = TimeSpan.Zero };

        Assert.Equal(
            """
            Otlp option Endpoint is 'collector:4317'; it must be an http or https address.
            Otlp option Protocol is 'smoke'; it must be grpc or http.
            Otlp option Interval is 00:00:00; it must be 00:00:01 to 01:00:00.
            """,
            Assert.Throws<ArgumentException>(options.Validate).Message);
    }
}
