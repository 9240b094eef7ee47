namespace Grid.Cli.Tests.Commands;

public sealed class DemoTests
{
    [Fact]
    public async Task Demo_checks_what_came_out_and_leaves_nothing_behind()
    {
        using var folder = new TempFolder();
        using var demo = GridProcess.Start(new Dictionary<string, string> { ["TMPDIR"] = folder.Path }, "demo", "--seconds", "1", "--rate", "5000", "--instruments", "50");

        var result = await demo.EndAsync();

        Assert.Equal((0, string.Empty), (result.ExitCode, result.Errors));
        Assert.Matches("(?m)^feed 127\\.0\\.0\\.1:[0-9]+$", result.Output);
        Assert.Matches("(?m)^rejected +0$", result.Output);
        Assert.Contains("recovered   the same state, and every price is what the market's model says", result.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(folder.Path, "grid-demo-*"));
    }
}
