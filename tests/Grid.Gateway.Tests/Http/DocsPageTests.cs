using Grid.Gateway.Tests.Dashboard;
using static Microsoft.Playwright.Assertions;

namespace Grid.Gateway.Tests.Http;

/// <summary>The page at <c>/docs</c> in a real browser.</summary>
public sealed class DocsPageTests(Browser browser) : IClassFixture<Browser>
{
    [Fact]
    public async Task The_page_shows_every_route_and_tries_them()
    {
        await using var fixture = await GridFixture.StartAsync();
        await using var context = await browser.OpenAsync();
        var page = await context.NewPageAsync();
        var complaints = new List<string>();
        page.PageError += (_, error) => complaints.Add(error);
        await page.GotoAsync($"http://{fixture.EndPoint}/docs");
        await Expect(page.Locator("#routes details")).ToHaveCountAsync(DescribedApi.Routes().Count);

        var events = page.Locator("#routes details:has(summary code:text-is('/v1/events'))");
        await events.Locator("summary").ClickAsync();
        await events.GetByLabel("content type").SelectOptionAsync("text/csv");
        await Expect(events.GetByLabel("body", new() { Exact = true })).ToHaveValueAsync(new System.Text.RegularExpressions.Regex("^kind,time,instrument,"));
        await events.GetByText("Try it").ClickAsync();
        await Expect(events.GetByRole(Microsoft.Playwright.AriaRole.Status)).ToContainTextAsync("\"accepted\": 1");

        var stream = page.Locator("#routes details:has(summary code:text-is('/v1/stream'))");
        await stream.Locator("summary").ClickAsync();
        await Expect(stream.GetByText("Try it")).ToHaveCountAsync(0);
        Assert.Empty(complaints);
        Assert.Single(await fixture.TicksAsync("IBM"));
    }
}
