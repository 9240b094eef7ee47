using Microsoft.Playwright;

namespace Grid.Gateway.Tests.Dashboard;

/// <summary>One Chromium for all tests of the dashboard.</summary>
public sealed class Browser : IAsyncLifetime
{
    private const string PathKey = "GRID_TEST_CHROMIUM";

    private static readonly string[] Arguments =
    [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--force-color-profile=srgb",
    ];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        if (Find() is not { } path)
        {
            return;
        }

        Assertions.SetDefaultExpectTimeout(15_000);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = path, Args = Arguments, Timeout = 60_000 });
    }

    /// <summary>A window of its own, without anything kept from another. Without a browser the test is skipped, on a build machine it fails.</summary>
    public async Task<IBrowserContext> OpenAsync(BrowserNewContextOptions? options = null)
    {
        if (_browser is null)
        {
            var missing = $"there is no Chromium: install the package 'chromium', or name the program in {PathKey}";
            Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") == "true", missing);
            Assert.Fail(missing);
        }

        return await _browser.NewContextAsync(options ?? new());
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }

    private static string? Find() =>
        Environment.GetEnvironmentVariable(PathKey)
        ?? (from folder in (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator)
            from name in new[] { "chromium", "chromium-browser", "google-chrome" }
            let path = Path.Combine(folder, name)
            where File.Exists(path)
            select path).FirstOrDefault();
}
