using System.Text.RegularExpressions;

namespace Grid.Tidy.Tests;

/// <summary>
/// What must not stand in the repository's text. BannedSymbols.txt bans calls by their symbol; these rules also see
/// what a pragma hides.
/// </summary>
public sealed partial class BannedTextTests
{
    // Projects that may silence the ban on a call with a pragma, because they are run by a person, on a clock.
    private static readonly string[] PragmaIsFor = ["src/Grid.Cli/", "tests/Grid.Benchmarks/"];

    [Fact]
    public void Clocks_are_handed_in_and_nobody_sleeps() =>
        Rule.Holds("Time comes from a TimeProvider; waiting is done on a signal.",
            Repository.Places(SourcesUnderTheBan(), ClockOrSleep()));

    [Fact]
    public void Tests_do_not_wait_for_time_to_pass() =>
        Rule.Holds("Tests advance a fake clock and wait on signals.",
            Repository.Places(SourcesUnderTheBan().Where(f => f.IsUnder("tests/")), Delay()));

    [Fact]
    public void The_ban_on_calls_is_lifted_only_in_executables() =>
        Rule.Holds($"A pragma for RS0030 may stand in {string.Join(" and ", PragmaIsFor)} only.",
            Repository.Places(SourcesUnderTheBan(), BanLifted()));

    [Fact]
    public void Nothing_is_left_for_later() =>
        Rule.Holds("Work is finished or is an issue; it is not a note in the text.",
            Repository.Places(Repository.TextFiles, LeftForLater()));

    [Fact]
    public void No_path_of_one_machine_is_mentioned() =>
        Rule.Holds("Files mention no folder of the machine they were written on.",
            Repository.Places(Repository.TextFiles, MachinePath()));

    [Fact]
    public void No_package_registry_is_named() =>
        Rule.Holds("Where packages come from is the machine's affair.",
            Repository.Places(Repository.TextFiles, RegistryHost())
                .Concat(Repository.Files.Where(f => RegistryFile().IsMatch(f.Name)).Select(f => f.Path)));

    [Fact]
    public void Domain_is_pure() =>
        Rule.Holds("Grid.Domain does no I/O, is not async, reads no clock and does not log.",
            Repository.Places(Under("src/Grid.Domain/"), Impure()));

    [Fact]
    public void Gateway_sees_only_the_grid_and_the_domain() =>
        Rule.Holds("Grid.Gateway knows nothing of storage, SQL or Orleans.",
            Repository.Places(Under("src/Grid.Gateway/"), StorageOrOrleans()));

    [Fact]
    public void Parquet_knows_neither_events_nor_SQL() =>
        Rule.Holds("Grid.Storage/Parquet is a file format and nothing else.",
            Repository.Places(Under("src/Grid.Storage/Parquet/"), EventsOrSql()));

    [Fact]
    public void Silo_holds_no_SQL_and_decides_nothing() =>
        Rule.Holds("Grid.Silo places, calls and hosts: SQL is in Grid.Storage, decisions are in Grid.Runtime and Grid.Domain.",
            Repository.Places(Under("src/Grid.Silo/"), SqlOrDecision()));

    private static IEnumerable<RepositoryFile> Under(string folder) => Repository.Sources.Where(f => f.IsUnder(folder));

    private static IEnumerable<RepositoryFile> SourcesUnderTheBan() =>
        Repository.Sources.Where(f => !PragmaIsFor.Any(f.IsUnder));

    // The patterns are written so that they do not match themselves.

    [GeneratedRegex(@"\bDateTime(?:Offset)?\.(?:Utc)?Now\b|\bThread\.Sleep\b|\bEnvironment\.TickCount")]
    private static partial Regex ClockOrSleep();

    [GeneratedRegex(@"\bTask\.Delay\b")]
    private static partial Regex Delay();

    [GeneratedRegex(@"#pragma warning disable.*\bRS[0]030|SuppressMessage.*\bRS[0]030")]
    private static partial Regex BanLifted();

    [GeneratedRegex(@"\bNpgsql(?:Connection|Command|DataSource|Parameter)|\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM)\s+[\w.*]+\s|\bValidator\.|\bDecision\.|\.ObserveSequence\(")]
    private static partial Regex SqlOrDecision();

    [GeneratedRegex(@"\b(?:TO[D]O|FIX[M]E)\b")]
    private static partial Regex LeftForLater();

    [GeneratedRegex(@"(?<![\w.}])(?:/[w]ork/|/[r]oot/|/[t]mp/team|/home/\w+/|/Users/\w+/)|\b[A-Z]:\\Users\\")]
    private static partial Regex MachinePath();

    [GeneratedRegex(@"\b(?:nuget\.org|npmjs\.org|npmjs\.com|pypi\.org|pythonhosted\.org|proxy\.golang\.org|crates\.io|jfrog\.io)\b|artifac[t]ory|\bnexu[s]\b", RegexOptions.IgnoreCase)]
    private static partial Regex RegistryHost();

    [GeneratedRegex(@"^(?:nuget\.config|\.npmrc|\.yarnrc|pip\.conf)$", RegexOptions.IgnoreCase)]
    private static partial Regex RegistryFile();

    [GeneratedRegex(@"\basync\s|\bawait\s|\bTimeProvider\b|\bStopwatch\b|\bILogger\b|\bConsole\.|\bFile\.|\bFileStream\b|\bSocket\b|using System\.(?:IO|Net)\b")]
    private static partial Regex Impure();

    [GeneratedRegex(@"\bNpgsql\b|\bGrid\.Storage\b|using Orleans\b")]
    private static partial Regex StorageOrOrleans();

    [GeneratedRegex(@"\bNpgsql\b|\bGrid\.Domain\.Events\b")]
    private static partial Regex EventsOrSql();
}
