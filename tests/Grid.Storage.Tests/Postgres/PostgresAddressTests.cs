using Grid.Storage.Postgres;

namespace Grid.Storage.Tests.Postgres;

public sealed class PostgresAddressTests
{
    [Theory]
    [InlineData("Host=db;Username=grid;Password=secret;Database=market", "grid@db:5432/market")]
    [InlineData("Host=db;Port=6432;Username=grid;Database=market", "grid@db:6432/market")]
    [InlineData("postgresql://grid:secret@db/market", "grid@db:5432/market")]
    [InlineData("postgres://gr%40id:se%3Acret@db:6432/mar%20ket?sslmode=Require", "gr@id@db:6432/mar ket")]
    [InlineData("postgresql://grid@[::1]:6432/market", "grid@::1:6432/market")]
    [InlineData("Host=/run/postgresql;Username=grid", "grid@/run/postgresql:5432/grid")]
    public void Address_is_read_and_never_shows_the_password(string text, string shown) => Assert.Equal(shown, PostgresAddress.Parse(text).ToString());

    [Theory]
    [InlineData("Host=db;Nonsense=1;Password=secret", "the PostgreSQL address is not well formed: ")]
    [InlineData("secret", "the PostgreSQL address is not well formed: ")]
    [InlineData("postgresql://grid:secret@db:port/market", "the PostgreSQL address is not well formed: the URI cannot be read; ")]
    [InlineData("Username=grid;Password=secret", "the PostgreSQL address names no host; ")]
    [InlineData("postgresql://grid:secret@db/market?nonsense=1", "the PostgreSQL address is not well formed: ")]
    public void What_is_no_address_is_refused_without_showing_the_password(string text, string reason)
    {
        var refusal = Assert.Throws<ArgumentException>(() => PostgresAddress.Parse(text));

        Assert.StartsWith(reason, refusal.Message, StringComparison.Ordinal);
        Assert.EndsWith("it reads Host=…;Username=…;Password=…;Database=… or postgresql://user:password@host:port/database", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Uri_says_the_same_as_a_connection_string()
    {
        var settings = PostgresAddress.Parse("postgresql://us%2Fer:pa%3Ass@db:6432/market?sslmode=require&application_name=mine&connect_timeout=7").Settings("grid");

        Assert.Equal(("us/er", "pa:ss", "db", 6432, "market"), (settings.Username, settings.Password, settings.Host, settings.Port, settings.Database));
        Assert.Equal((Npgsql.SslMode.Require, "mine", 7), (settings.SslMode, settings.ApplicationName, settings.Timeout));
    }

    [Fact]
    public void Backup_command_names_the_database() =>
        Assert.Equal("pg_dump -h db -p 6432 -U grid -n grid -Fc -f grid.dump market", PostgresAddress.Parse("postgresql://grid:secret@db:6432/market").BackupCommand);
}
