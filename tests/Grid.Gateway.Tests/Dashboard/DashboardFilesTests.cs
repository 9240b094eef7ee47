using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Grid.Gateway.Dashboard;
using Grid.Gateway.Tests.Http;

namespace Grid.Gateway.Tests.Dashboard;

public sealed partial class DashboardFilesTests
{
    [Fact]
    public async Task Every_file_is_answered_with_its_type_and_may_talk_to_this_server_only()
    {
        await using var fixture = await HttpFixture.WithAsync();
        Assert.Superset(new HashSet<string> { "index.html", "main.js", "dashboard.css", "uPlot.iife.min.js", "uPlot.LICENSE.txt" }, DashboardFiles.All.Keys.ToHashSet());

        foreach (var file in DashboardFiles.All.Values)
        {
            using var response = await fixture.GetAsync(file.Name == "index.html" ? "/" : "/dashboard/" + file.Name);

            Assert.Equal((HttpStatusCode.OK, file.ContentType), (response.StatusCode, response.Content.Headers.ContentType!.ToString()));
            Assert.Equal(file.Bytes, await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
            var policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
            Assert.StartsWith("default-src 'none'; ", policy);
            Assert.DoesNotContain("unsafe", policy);
            Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
            Assert.True(response.Headers.CacheControl!.NoCache);
        }
    }

    [Fact]
    public async Task A_file_that_the_browser_has_is_not_sent_again()
    {
        await using var fixture = await HttpFixture.WithAsync();
        using var first = await fixture.GetAsync("/dashboard/main.js");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/dashboard/main.js");
        request.Headers.IfNoneMatch.Add(first.Headers.ETag!);

        using var second = await fixture.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        Assert.Empty(await second.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal(first.Headers.ETag, second.Headers.ETag);
    }

    [Fact]
    public async Task There_is_nothing_under_the_dashboard_but_its_files()
    {
        await using var fixture = await HttpFixture.WithAsync();

        foreach (var path in new[] { "/dashboard/none.js", "/dashboard/index.html", "/dashboard/DashboardFiles.cs", "/dashboard/" })
        {
            using var response = await fixture.GetAsync(path);
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        }
    }

    [Fact]
    public void No_file_of_ours_names_an_outside_address_or_makes_markup_of_text()
    {
        foreach (var file in DashboardFiles.All.Values.Where(f => !f.Name.StartsWith("uPlot", StringComparison.Ordinal)))
        {
            var text = Encoding.UTF8.GetString(file.Bytes).Replace("http://www.w3.org/2000/svg", string.Empty, StringComparison.Ordinal);
            Assert.DoesNotMatch(Outside(), text);
            Assert.DoesNotMatch(Markup(), text);
        }
    }

    [GeneratedRegex("https?://|(?:src|href)=\"//")]
    private static partial Regex Outside();

    [GeneratedRegex(@"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|style=""| on\w+=""")]
    private static partial Regex Markup();
}
