using Grid.Storage.Postgres;
using Grid.Testing.Postgres;

[assembly: AssemblyFixture(typeof(Grid.Silo.Tests.SiloServer))]

namespace Grid.Silo.Tests;

/// <summary>A private PostgreSQL for the clusters of these tests, with a login that may no more than a silo needs.</summary>
public sealed class SiloServer : IAsyncLifetime
{
    private readonly PrivatePostgres _server = new();

    public async ValueTask InitializeAsync()
    {
        await using var database = await CreateAsync();
        await database.ExecuteAsync("CREATE ROLE silo LOGIN PASSWORD 'silo' IN ROLE grid_writer");
    }

    /// <summary>A database that has the schema.</summary>
    public Task<PrivateDatabase> CreateAsync() => _server.CreateDatabaseAsync("schema", async connectionString =>
    {
        await using var migrator = new SchemaMigrator(PostgresAddress.Parse(connectionString));
        await migrator.UpAsync();
    });

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
