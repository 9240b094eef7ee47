using System.Text.RegularExpressions;
using Grid.Gateway.Access;
using Grid.Gateway.Tests.Access;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Grid.Gateway.Tests.Dashboard;

/// <summary>The dashboard in a real browser, over a real grid.</summary>
public sealed partial class DashboardTests(Browser browser) : IClassFixture<Browser>
{
    private const string Script = "<script>alert(1)</script>";
    private const string Image = "<img/src=x/onerror=alert(2)>";

    [Fact]
    public async Task Prices_move_and_say_in_which_direction()
    {
        await using var rig = await DashboardRig.StartAsync(browser, DashboardRig.Symbols(30));
        var last = rig.Row("S0003").Locator(".c-last");
        await rig.Market.TradeAsync("S0003", "101.5");
        await Expect(last).ToHaveTextAsync("101.50");
        await Expect(rig.Page.Locator("#connection")).ToHaveTextAsync("Live");

        await rig.Market.TradeAsync("S0003", "1102.25");
        await Expect(last).ToHaveTextAsync("1,102.25");
        await Expect(last).ToHaveAttributeAsync("data-direction", "up");

        await rig.Market.TradeAsync("S0003", "99.125");
        await Expect(last).ToHaveTextAsync("99.125");
        await Expect(last).ToHaveAttributeAsync("data-direction", "down");
        await Expect(rig.Page.Locator("#figures")).ToContainTextAsync("Events/s");
    }

    [Fact]
    public async Task A_server_with_keys_is_asked_with_the_one_that_was_typed()
    {
        using var keys = new KeyFolder();
        var key = await keys.AddAsync(AccessRole.Read);
        var feed = await keys.AddAsync(AccessRole.Feed);
        await using var rig = await DashboardRig.StartAsync(browser, DashboardRig.Symbols(5), gatekeeper: keys.Gatekeeper);
        await rig.Market.TradeAsync("S0003", "101.5");
        var note = rig.Page.Locator("#key-note");

        await Expect(note).ToHaveTextAsync("This server asks for a key of the role read.");
        await Expect(rig.Page.Locator("#key")).ToBeFocusedAsync();
        Assert.Equal("password", await rig.Page.Locator("#key").GetAttributeAsync("type"));
        await TypeAsync(feed.Text);
        await Expect(note).ToHaveTextAsync("This key may not read.");
        await TypeAsync(ApiKey.Create().Text);
        await Expect(note).ToHaveTextAsync("The server does not take this key.");
        await TypeAsync("no key");
        await Expect(note).ToHaveTextAsync("That is no key.");
        await Expect(rig.Page.Locator("#market-body th")).ToHaveCountAsync(0);

        await TypeAsync(key.Text);
        await Expect(rig.Row("S0003").Locator(".c-last")).ToHaveTextAsync("101.50");
        await Expect(note).ToBeHiddenAsync();
        await rig.Market.TradeAsync("S0003", "102.5");
        await Expect(rig.Row("S0003").Locator(".c-last")).ToHaveTextAsync("102.50");
        await rig.Page.ReloadAsync();
        await Expect(rig.Row("S0003").Locator(".c-last")).ToHaveTextAsync("102.50");
        Assert.Equal("1 0 0", await rig.Page.EvaluateAsync<string>("() => `${sessionStorage.length} ${localStorage.length} ${document.cookie.length}`"));
        Assert.DoesNotContain("grid_", rig.Page.Url, StringComparison.Ordinal);

        await keys.RevokeAsync(key);
        keys.Pass();
        await Expect(note).ToHaveTextAsync("The server does not take this key.");
        Assert.Equal(0, await rig.Page.EvaluateAsync<int>("() => sessionStorage.length"));

        async Task TypeAsync(string text)
        {
            await rig.Page.FillAsync("#key", text);
            await rig.Page.Keyboard.PressAsync("Enter");
        }
    }

    [Theory]
    [InlineData(ReducedMotion.NoPreference, true)]
    [InlineData(ReducedMotion.Reduce, false)]
    public async Task Changes_flash_unless_motion_is_unwanted(ReducedMotion motion, bool isFlashing)
    {
        await using var rig = await DashboardRig.StartAsync(browser, DashboardRig.Symbols(5), new BrowserNewContextOptions { ReducedMotion = motion });
        await Expect(rig.Row("S0001")).ToBeVisibleAsync();
        await rig.Page.EvaluateAsync("() => { window.flashes = 0; const animate = Element.prototype.animate; Element.prototype.animate = function (...a) { window.flashes++; return animate.apply(this, a); }; }");

        await rig.Market.TradeAsync("S0001", "7.25");

        await Expect(rig.Row("S0001").Locator(".c-last")).ToHaveTextAsync("7.25");
        Assert.Equal(isFlashing, await rig.Page.EvaluateAsync<int>("() => window.flashes") > 0);
    }

    [Fact]
    public async Task Filter_leaves_what_fits_and_says_how_many()
    {
        await using var rig = await DashboardRig.StartAsync(browser, [.. DashboardRig.Symbols(120), "XAU.EUR", "XAG.EUR"]);
        var count = rig.Page.Locator("#count");
        await Expect(count).ToHaveTextAsync("122");

        await rig.Page.Keyboard.PressAsync("/");
        await Expect(rig.Page.Locator("#filter")).ToBeFocusedAsync();
        await rig.Page.Keyboard.TypeAsync("eur");
        await Expect(count).ToHaveTextAsync("2 of 122");
        await Expect(rig.Page.Locator("#market-body th")).ToHaveTextAsync(["XAG.EUR", "XAU.EUR"]);

        await rig.Page.FillAsync("#filter", "s00?5");
        await Expect(count).ToHaveTextAsync("10 of 122");
        await rig.Page.FillAsync("#filter", "nothing.");
        await Expect(rig.Page.Locator("#market-empty")).ToHaveTextAsync("No symbol fits “nothing.”.");
        await rig.Page.Keyboard.PressAsync("Escape");
        await Expect(count).ToHaveTextAsync("122");
    }

    [Fact]
    public async Task An_instrument_page_opens_from_the_keyboard_and_closes_again()
    {
        await using var rig = await DashboardRig.StartAsync(browser, DashboardRig.Symbols(40));
        await rig.Market.AddHistoryAsync(instruments: 2, hours: 1);
        await Expect(rig.Row("S0001")).ToBeVisibleAsync();
        await rig.Page.Locator("#market-body a[tabindex='0']").FocusAsync();

        await rig.Page.Keyboard.PressAsync("ArrowDown");
        await Expect(rig.Row("S0002").Locator("a")).ToBeFocusedAsync();
        await rig.Page.Keyboard.PressAsync("Enter");

        var title = rig.Page.Locator("#instrument-title");
        await Expect(title).ToHaveTextAsync("S0002");
        await Expect(title).ToBeFocusedAsync();
        await Expect(rig.Page.Locator("#chart canvas")).ToHaveCountAsync(1);
        await Expect(rig.Page.Locator("#chart-reading")).ToHaveTextAsync(ReadingOfABar());
        await Expect(rig.Page.Locator("#ticks tr")).ToHaveCountAsync(60);
        await rig.Market.TradeAsync("S0002", "4321.5");
        await Expect(rig.Page.Locator("#instrument-last")).ToHaveTextAsync("4,321.50");
        await Expect(rig.Page.Locator("#ticks tr").First).ToContainTextAsync("4,321.50");
        await rig.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "5m", Exact = true }).ClickAsync();
        await Expect(rig.Page.Locator("#chart-title")).ToHaveTextAsync("Bars of 5m");

        await rig.Page.Keyboard.PressAsync("Escape");
        await Expect(rig.Row("S0002").Locator("a")).ToBeVisibleAsync();
        await rig.Page.GotoAsync(rig.Page.Url.Split('#')[0] + "#/instrument/NONE");
        await Expect(rig.Page.Locator("#unknown-instrument")).ToHaveTextAsync("There is no instrument “NONE”.");
    }

    [Fact]
    public async Task Server_that_goes_away_and_comes_back_is_shown()
    {
        await using var rig = await DashboardRig.StartAsync(browser, DashboardRig.Symbols(40));
        var connection = rig.Page.Locator("#connection");
        await Expect(connection).ToHaveTextAsync("Live");

        await rig.StopServerAsync();
        await Expect(connection).ToHaveTextAsync("Server away");
        await Expect(rig.Page.Locator("#away")).ToContainTextAsync("What is shown is from then");
        await rig.PictureAsync("server-away");

        await rig.Market.TradeAsync("S0001", "55.5");
        await rig.StartServerAsync();
        await Expect(connection).ToHaveTextAsync("Live");
        await Expect(rig.Page.Locator("#away")).ToBeHiddenAsync();
        await Expect(rig.Row("S0001").Locator(".c-last")).ToHaveTextAsync("55.50");
        await rig.Market.TradeAsync("S0001", "56.5");
        await Expect(rig.Row("S0001").Locator(".c-last")).ToHaveTextAsync("56.50");
    }

    [Fact]
    public async Task Symbols_that_look_like_markup_stay_text()
    {
        await using var rig = await DashboardRig.StartAsync(browser, [Script, Image, "A/B%2F?#&=\"'"]);
        await rig.Market.AddTroubleAsync();

        await Expect(rig.Page.Locator("#market-body th")).ToHaveTextAsync([Image, Script, "A/B%2F?#&=\"'"]);
        await Expect(rig.Page.Locator("#quarantine")).ToContainTextAsync(Script);
        foreach (var symbol in new[] { Script, Image, "A/B%2F?#&=\"'" })
        {
            await rig.Page.Locator("#market-body a").GetByText(symbol, new LocatorGetByTextOptions { Exact = true }).ClickAsync();
            await Expect(rig.Page.Locator("#instrument-title")).ToHaveTextAsync(symbol);
            await Expect(rig.Page.Locator("#ticks tr").First).ToBeVisibleAsync();
            await rig.Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "All instruments" }).First.ClickAsync();
        }

        Assert.Equal(0, await rig.Page.Locator("main script, main img").CountAsync());
    }

    [Fact]
    public async Task Of_five_thousand_instruments_only_the_rows_in_sight_exist()
    {
        await using var rig = await DashboardRig.StartAsync(browser, DashboardRig.Symbols(5000));
        await Expect(rig.Page.Locator("#count")).ToHaveTextAsync("5,000");
        await Expect(rig.Page.Locator("#market")).ToHaveAttributeAsync("aria-rowcount", "5001");
        await rig.Page.Locator("#market-body a[tabindex='0']").FocusAsync();

        await rig.Page.Keyboard.PressAsync("End");

        await Expect(rig.Row("S5000").Locator("a")).ToBeFocusedAsync();
        await Expect(rig.Row("S5000")).ToHaveAttributeAsync("aria-rowindex", "5001");
        Assert.InRange(await rig.Page.Locator("#market-body tr").CountAsync(), 10, 80);
        await rig.Page.Keyboard.PressAsync("Home");
        await Expect(rig.Row("S0001").Locator("a")).ToBeFocusedAsync();
    }

    [Fact]
    public async Task Rows_are_sorted_by_any_column_and_the_head_says_so()
    {
        await using var rig = await DashboardRig.StartAsync(browser, DashboardRig.Symbols(20));
        await rig.Market.TradeAsync("S0007", "9999");
        await rig.Market.TradeAsync("S0009", "0.01");
        var head = rig.Page.Locator("th.c-last").First;

        await head.GetByRole(AriaRole.Button).ClickAsync();
        await Expect(rig.Page.Locator("#market-body th").First).ToHaveTextAsync("S0007");
        await Expect(head).ToHaveAttributeAsync("aria-sort", "descending");
        await head.GetByRole(AriaRole.Button).PressAsync("Enter");
        await Expect(rig.Page.Locator("#market-body th").First).ToHaveTextAsync("S0009");
        await Expect(head).ToHaveAttributeAsync("aria-sort", "ascending");
    }

    [Fact]
    public async Task Quarantine_gaps_and_outcomes_are_told_with_their_reasons()
    {
        await using var rig = await DashboardRig.StartAsync(browser, DashboardRig.Symbols(20));
        await rig.Market.AddTroubleAsync();

        await Expect(rig.Page.Locator("#outcomes")).ToContainTextAsync("Price not positive");
        await Expect(rig.Page.Locator("#outcomes")).ToContainTextAsync("Already seen");
        await Expect(rig.Page.Locator("#quarantine")).ToContainTextAsync("-0.01 ×");
        await Expect(rig.Page.Locator("#quarantine")).ToContainTextAsync("Time ahead");
        await Expect(rig.Page.Locator("#gaps tr").First).ToContainTextAsync("LOSSY");
        await Expect(rig.Page.Locator("#gaps tr").First).ToContainTextAsync("3–4");
    }

    [Theory]
    [InlineData("desk-light", 1440, 900, ColorScheme.Light)]
    [InlineData("desk-dark", 1440, 900, ColorScheme.Dark)]
    [InlineData("tablet-light", 820, 1180, ColorScheme.Light)]
    [InlineData("phone-dark", 390, 844, ColorScheme.Dark)]
    [InlineData("phone-light", 390, 844, ColorScheme.Light)]
    public async Task Page_fits_any_width_and_stays_live_under_load(string name, int width, int height, ColorScheme scheme)
    {
        var look = new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = width, Height = height }, ColorScheme = scheme, HasTouch = width < 500 };
        await using var rig = await DashboardRig.StartAsync(browser, DashboardRig.Symbols(2000), look);
        await rig.Market.AddHistoryAsync(instruments: 25, hours: 2);
        await rig.Market.AddTroubleAsync();
        rig.BeginLoad();
        await MovesAsync(rig.Page, ".strip .value", times: 5);
        await FitsAsync(rig.Page);
        await rig.PictureAsync(name);

        await rig.Row("S0002").Locator("a").ClickAsync();
        await Expect(rig.Page.Locator("#ticks tr").First).ToBeVisibleAsync();
        await MovesAsync(rig.Page, "#instrument-last", times: 2);
        await FitsAsync(rig.Page);
        await rig.PictureAsync(name + "-instrument");
    }

    // Waits until a text has changed so many times.
    private static async Task MovesAsync(IPage page, string selector, int times)
    {
        var place = page.Locator(selector).First;
        await Expect(place).ToBeVisibleAsync();
        for (var i = 0; i < times; i++)
        {
            await Expect(place).Not.ToHaveTextAsync(await place.InnerTextAsync());
        }
    }

    private static async Task FitsAsync(IPage page) =>
        Assert.Equal(0, await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - document.documentElement.clientWidth"));

    [GeneratedRegex("^[0-9:]{8} UTC  O .+ C .+ Vol ")]
    private static partial Regex ReadingOfABar();
}
