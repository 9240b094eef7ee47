using Grid.Testing.Postgres;

[assembly: AssemblyFixture(typeof(PrivatePostgres))]
