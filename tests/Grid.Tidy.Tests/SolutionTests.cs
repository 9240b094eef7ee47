using System.Text.Json;
using System.Text.RegularExpressions;

namespace Grid.Tidy.Tests;

public sealed partial class SolutionTests
{
    [Fact]
    public void Solution_holds_every_project() => Assert.Equal(OnDisk(), InSolution());

    [Fact]
    public void Embedded_filter_is_the_solution_less_the_silo() =>
        Assert.Equal(OnDisk().Where(path => !path.Contains("/Grid.Silo", StringComparison.Ordinal)), InFilter());

    [Fact]
    public void Scripts_may_be_executed()
    {
        if (OperatingSystem.IsWindows()) return;
        foreach (string path in new[] { "test.sh", ".ci/run" })
        {
            UnixFileMode mode = File.GetUnixFileMode(Repository.File(path).FullPath);
            Assert.True(mode.HasFlag(UnixFileMode.UserExecute), $"{path} is not executable.");
        }
    }

    private static IEnumerable<string> OnDisk() => Repository.Projects.Select(p => p.File.Path).Order(StringComparer.Ordinal);

    private static IEnumerable<string> InSolution() =>
        ProjectPath().Matches(Repository.File("Grid.sln").Text)
            .Select(match => match.Groups[1].Value.Replace('\\', '/'))
            .Order(StringComparer.Ordinal);

    private static IEnumerable<string> InFilter()
    {
        using var json = JsonDocument.Parse(Repository.File("Grid.Embedded.slnf").Text);
        JsonElement solution = json.RootElement.GetProperty("solution");
        Assert.Equal("Grid.sln", solution.GetProperty("path").GetString());
        return solution.GetProperty("projects").EnumerateArray()
            .Select(p => p.GetString()!.Replace('\\', '/'))
            .Order(StringComparer.Ordinal)
            .ToList();
    }

    [GeneratedRegex("\"([^\"]+\\.csproj)\"")]
    private static partial Regex ProjectPath();
}
