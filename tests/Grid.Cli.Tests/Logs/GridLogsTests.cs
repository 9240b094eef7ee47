using System.Text.Json;
using Grid.Cli.Logs;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Serilog.Events;
using Serilog.Extensions.Logging;

namespace Grid.Cli.Tests.Logs;

public sealed class GridLogsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("Grid.Db", "db")]
    [InlineData("Grid.Storage.Postgres.Committer", "db")]
    [InlineData("Grid.Cusip", "cusip")]
    [InlineData("Grid.Quality", "quality")]
    [InlineData("Grid.Audit", "audit")]
    [InlineData("Grid.Pipeline", "pipeline")]
    [InlineData("Grid.Gateway.Feed.FeedServer", "pipeline")]
    [InlineData(null, "pipeline")]
    public void Logger_writes_to_the_file_of_its_subject(string? name, string file) => Assert.Equal(file, GridLogs.FileOf(name));

    [Fact]
    public void One_operation_can_be_followed_through_all_files()
    {
        Write(null, logs =>
        {
            foreach (var name in new[] { "Grid.Db", "Grid.Cusip", "Grid.Quality", "Grid.Pipeline" })
            {
                var log = logs.CreateLogger(name);
                log.LogInformation("outside");
                using (log.BeginScope(new Dictionary<string, object> { ["OperationId"] = "op-7" }))
                {
                    log.LogError("inside {Name}", name);
                }
            }
        });

        foreach (var file in new[] { "db", "cusip", "quality", "pipeline" })
        {
            Assert.Equal(["command-1", "op-7"], Operations(file));
        }

        Assert.Equal(["op-7", "op-7", "op-7", "op-7"], Operations("error"));
    }

    [Fact]
    public void Request_is_the_operation_of_what_it_logs()
    {
        Write(null, logs =>
        {
            var log = logs.CreateLogger("Grid.Pipeline");
            using (log.BeginScope(new Dictionary<string, object> { ["RequestId"] = "0HN:1", ["ConnectionId"] = "0HN" }))
            {
                log.LogInformation("x");
            }
        });

        Assert.Equal(["0HN:1"], Operations("pipeline"));
    }

    [Fact]
    public void Configuration_changes_levels()
    {
        Write(
            new Dictionary<string, string?> { ["Serilog:MinimumLevel:Override:Grid.Db"] = "Debug", ["Serilog:MinimumLevel:Override:Grid.Pipeline"] = "Error" },
            logs =>
            {
                logs.CreateLogger("Grid.Db").LogDebug("shown");
                logs.CreateLogger("Grid.Pipeline").LogWarning("not shown");
            });

        Assert.Single(Operations("db"));
        Assert.Empty(Operations("pipeline"));
    }

    private void Write(Dictionary<string, string?>? configuration, Action<ILoggerFactory> write)
    {
        using var log = GridLogs.Start(
            "command-1", LogEventLevel.Fatal, _folder.Path, new ConfigurationBuilder().AddInMemoryCollection(configuration).Build());
        using var logs = new SerilogLoggerFactory(log);
        write(logs);
    }

    private List<string> Operations(string file) =>
        [.. Directory.GetFiles(_folder.File("logs"), file + "-*.json").SelectMany(File.ReadAllLines)
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("Properties").GetProperty("OperationId").GetString()!)];
}
