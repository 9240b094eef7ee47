using System.Text.Json;
using System.Text.RegularExpressions;
using Grid.Testing.Postgres;
using Npgsql;

namespace Grid.Storage.Tests.Postgres;

/// <summary>Every query of QUERIES.md is run as it stands there, by a reader, on a filled market.</summary>
public sealed class QueryPageTests(PrivatePostgres server)
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Root(), "src/Grid.Storage/Postgres/QUERIES.md"));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_query_of_the_page_has_an_answer_and_uses_the_index_that_is_named()
    {
        var queries = Queries();
        Assert.True(queries.Count >= 17, $"the page has {queries.Count} queries");
        await using var database = await MigratedDatabase.CreateFilledAsync(server);
        await using var connection = await database.OpenAsync();
        await ExecuteAsync(connection, "SET ROLE grid_reader");
        foreach (var (sql, index) in queries)
        {
            Assert.True(await CountAsync(connection, sql) > 0, $"no rows: {sql}");
            if (index is not null)
            {
                var used = await IndexesOfAsync(connection, sql);
                var wanted = await ChildrenOfAsync(connection, index);
                Assert.True(used.Overlaps(wanted), $"{sql}\nuses {string.Join(", ", used)} and not {index}");
            }
        }
    }

    [Fact]
    public async Task Partitions_outside_the_range_of_time_are_not_read()
    {
        await using var database = await MigratedDatabase.CreateFilledAsync(server);
        await database.ExecuteAsync("SELECT grid.make_partitions('2023-05-01', '2023-12-31')");
        await using var connection = await database.OpenAsync();
        foreach (var (sql, _) in Queries())
        {
            await using var command = new NpgsqlCommand($"EXPLAIN {sql}", connection);
            await using var reader = await command.ExecuteReaderAsync(Cancel);
            while (await reader.ReadAsync(Cancel))
            {
                Assert.DoesNotMatch(@" on (tick|run|bar)_2023", reader.GetString(0));
            }
        }
    }

    [Fact]
    public async Task Bars_of_any_length_are_those_of_the_trades()
    {
        await using var database = await MigratedDatabase.CreateFilledAsync(server);
        const string FromTrades = """
            SELECT date_bin('15 minutes', event_time, '2000-01-01Z'), (array_agg(price ORDER BY event_time))[1], max(price), min(price),
                (array_agg(price ORDER BY event_time DESC))[1], sum(size), trim_scale(round(sum(price * size) / sum(size), 9)), count(*)
            FROM grid.v_trade WHERE instrument = 'IBM' GROUP BY 1 ORDER BY 1
            """;
        const string Columns = "time, open, high, low, close, volume, vwap, count";

        var expected = await database.RowsAsync(FromTrades);

        Assert.Equal(96, expected.Count);
        Assert.Equal(expected, await database.RowsAsync($"SELECT {Columns} FROM grid.v_bar_15m WHERE instrument = 'IBM' ORDER BY time"));
        Assert.Equal(expected, await database.RowsAsync($"SELECT {Columns} FROM grid.bars('IBM', '15 minutes', '2024-05-01 12:07Z', '2024-05-03')"));
        Assert.Equal(expected.Skip(1).Take(2), await database.RowsAsync($"SELECT {Columns} FROM grid.bars('IBM', '15 minutes', '2024-05-01 12:15Z', '2024-05-01 12:45Z')"));
        Assert.Empty(await database.RowsAsync($"SELECT {Columns} FROM grid.bars('nothing', '15 minutes', '2024-05-01', '2024-05-03')"));
    }

    [Theory]
    [InlineData(0, 0, 0, 0)]
    [InlineData(1, 0, 0, 0)]
    [InlineData(0, 0, 1, 0)]
    [InlineData(1000, 20, 7, 30)]
    [InlineData(3, 1, 1, 1)]
    [InlineData(123_456_789_012, 345_678, 9_012, 1)]
    public async Task Quality_has_the_score_of_the_engine(long accepted, long flagged, long rejected, long late)
    {
        await using var database = await MigratedDatabase.CreateFilledAsync(server);
        await database.ExecuteAsync($"UPDATE grid.data_quality_log SET accepted = {accepted}, flagged = {flagged}, rejected = {rejected}, late = {late}");

        var score = await database.ScalarAsync<decimal?>("SELECT DISTINCT score FROM grid.v_data_quality");

        var counts = new Grid.Domain.Instruments.InstrumentCounts { Accepted = accepted, Flagged = flagged, Rejected = rejected, Late = late };
        Assert.Equal(counts.Score, (int?)(score * 100));
    }

    [Fact]
    public async Task Numbers_and_times_are_shown_exactly()
    {
        await using var database = await MigratedDatabase.CreateAsync(server);

        Assert.Equal(["-9223372036.854775808|92233720368.54775807|18446744073709551615|1677-09-21T00:12:43.145224192Z|181.52|null"], await database.RowsAsync("""
            SELECT grid.price(-9223372036854775808), grid.size(9223372036854775807), grid.unsigned(-1), grid.time_text('1677-09-21 00:12:43.145224Z', 192::smallint),
                grid.price(181520000000), grid.vwap(5, 0)
            """));
        Assert.Equal(
            "1701411834604692317316873037158.84105727",
            await database.ScalarAsync<string>("SELECT grid.volume(170141183460469231731687303715884105727)::text"));
    }

    private static List<(string Sql, string? Index)> Queries() =>
        [.. Regex.Matches(Page, @"```sql\n(.*?);\n```(?:\n\nIndex: `(\w+)`)?", RegexOptions.Singleline)
            .Select(m => (m.Groups[1].Value, m.Groups[2].Success ? m.Groups[2].Value : null))];

    private static async Task<long> CountAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(Cancel);
        var rows = 0;
        while (await reader.ReadAsync(Cancel))
        {
            rows++;
        }

        return rows;
    }

    private static async Task<HashSet<string>> IndexesOfAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand($"EXPLAIN (FORMAT JSON) {sql}", connection);
        using var plan = JsonDocument.Parse((string)(await command.ExecuteScalarAsync(Cancel))!);
        return [.. Named(plan.RootElement, "Index Name")];
    }

    private static IEnumerable<string> Named(JsonElement element, string name) => element.ValueKind switch
    {
        JsonValueKind.Array => element.EnumerateArray().SelectMany(e => Named(e, name)),
        JsonValueKind.Object => element.EnumerateObject().SelectMany(p => p.Name == name ? [p.Value.GetString()!] : Named(p.Value, name)),
        _ => [],
    };

    // An index of a partitioned table is one index on each partition, with a name of its own.
    private static async Task<HashSet<string>> ChildrenOfAsync(NpgsqlConnection connection, string index)
    {
        await using var command = new NpgsqlCommand(
            $"SELECT relid::regclass::text FROM pg_partition_tree('grid.{index}') UNION SELECT 'grid.{index}'", connection);
        await using var reader = await command.ExecuteReaderAsync(Cancel);
        var names = new HashSet<string>(StringComparer.Ordinal);
        while (await reader.ReadAsync(Cancel))
        {
            names.Add(reader.GetString(0)["grid.".Length..]);
        }

        return names;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Grid.sln")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return folder;
    }
}
