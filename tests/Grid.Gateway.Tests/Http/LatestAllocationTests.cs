using System.Net;
using Grid.Gateway.Http;
using Grid.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Grid.Gateway.Tests.Http;

public sealed class LatestAllocationTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Measured within the web server, whose headers and buffers are not those of a test's.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_instrument_is_answered_without_allocation(bool isConditional)
    {
        var grid = new RecordingGrid();
        await MarketSeed.AddAsync(grid, "A");
        var latest = new LatestEndpoint(grid, new GatewayOptions());
        var least = long.MaxValue;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        await using var app = builder.Build();
        app.Run(context =>
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var isAnswered = latest.TryAnswer(context);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            return isAnswered ? Task.CompletedTask : throw new InvalidOperationException("not answered");
        });
        await app.StartAsync(Cancel);
        using var client = new HttpClient { BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()) };
        using var first = await client.GetAsync("/v1/latest/A", Cancel);

        for (var i = 0; i < 100; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/latest/A");
            if (isConditional)
            {
                request.Headers.IfNoneMatch.Add(first.Headers.ETag!);
            }

            using var response = await client.SendAsync(request, Cancel);
            Assert.Equal(isConditional ? HttpStatusCode.NotModified : HttpStatusCode.OK, response.StatusCode);
        }

        Assert.Equal(0, least);
    }
}
