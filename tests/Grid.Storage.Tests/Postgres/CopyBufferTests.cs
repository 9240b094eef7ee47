using System.Globalization;
using Grid.Domain.Identifiers;
using Grid.Storage.Postgres.Writing;
using Grid.Testing.Postgres;

namespace Grid.Storage.Tests.Postgres;

/// <summary>What is written in COPY's binary form is what PostgreSQL reads.</summary>
public sealed class CopyBufferTests(PrivatePostgres server)
{
    [Fact]
    public async Task Numbers_of_any_size_arrive_as_they_are()
    {
        var random = new Random(7);
        Int128[] numbers =
        [
            0, 1, -1, 9_999, 10_000, -10_000, 99_999_999, 100_000_000, 123_400_000_000_000, Int128.MaxValue, Int128.MinValue + 1, long.MaxValue, long.MinValue,
            .. Enumerable.Range(0, 200).Select(_ => (Int128)random.NextInt64() * random.NextInt64(-1_000_000, 1_000_000) >> random.Next(60)),
        ];
        var rows = await CopyAsync("numeric(39, 0)", numbers, (buffer, number) => buffer.Numeric(number), "v::text");
        Assert.Equal(numbers.Select(n => n.ToString(CultureInfo.InvariantCulture)), rows);
    }

    [Fact]
    public async Task Times_are_cut_to_microseconds_and_their_rest_stands_beside()
    {
        long[] times = [0, 1, 999, 1000, -1, -999, -1000, -1001, 1_709_251_200_123_456_789, -9_000_000_000_123_456_789, 9_000_000_000_123_456_789];
        var rows = await CopyAsync("timestamptz, n smallint", times, (buffer, time) =>
        {
            buffer.Time(new UnixNanos(time));
            buffer.Nanoseconds(new UnixNanos(time));
        }, "extract(epoch FROM v)::numeric * 1000000000 + n");
        Assert.Equal(times.Select(t => t.ToString(CultureInfo.InvariantCulture)), rows.Select(r => r.Split('.')[0]));
    }

    [Fact]
    public async Task Dates_of_all_centuries_arrive_and_what_is_none_is_null()
    {
        uint[] dates = [19700101, 19691231, 20240229, 10101, 99991231, 0, 20230229, 20241301];
        var rows = await CopyAsync("date", dates, (buffer, date) => buffer.Date(date), "to_char(v, 'FMYYYYMMDD')");
        Assert.Equal(["19700101", "19691231", "20240229", "10101", "99991231", "null", "null", "null"], rows);
    }

    [Fact]
    public async Task Texts_flags_and_absent_numbers_arrive()
    {
        string?[] texts = ["", "a\\b'c\"\n\t\0"[..^1], "é∑", null];
        Assert.Equal(["", "a\\b'c\"\n\t", "é∑", "null"], await CopyAsync("text", texts, (buffer, text) => buffer.Text(text)));
        Assert.Equal(["True", "False"], await CopyAsync("boolean", [true, false], (buffer, flag) => buffer.Flag(flag)));
        Assert.Equal(["null", "5"], await CopyAsync("bigint", [false, true], (buffer, isSet) => buffer.Int64(isSet, 5)));
    }

    private async Task<IReadOnlyList<string>> CopyAsync<T>(string column, T[] values, Action<CopyBuffer, T> write, string shown = "v")
    {
        await using var database = await server.CreateDatabaseAsync();
        await database.ExecuteAsync($"CREATE TABLE t (i int, v {column})");
        await using var connection = await database.OpenAsync();
        var buffer = new CopyBuffer();
        buffer.Begin();
        for (var i = 0; i < values.Length; i++)
        {
            buffer.BeginRow(1 + column.Split(", n ").Length);
            buffer.Int32(i);
            write(buffer, values[i]);
        }

        buffer.End();
        await using (var stream = await connection.BeginRawBinaryCopyAsync("COPY t FROM STDIN (FORMAT binary)", TestContext.Current.CancellationToken))
        {
            await stream.WriteAsync(buffer.Filled, TestContext.Current.CancellationToken);
        }

        return await database.RowsAsync($"SELECT {shown} FROM t ORDER BY i");
    }
}
