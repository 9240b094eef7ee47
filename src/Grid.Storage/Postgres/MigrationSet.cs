using System.Reflection;

namespace Grid.Storage.Postgres;

/// <summary>The migrations that a program knows, from 1 on without holes.</summary>
public sealed class MigrationSet
{
    private const string UpSuffix = ".up.sql";
    private const string DownSuffix = ".down.sql";

    /// <summary>A set of migrations in any order.</summary>
    /// <exception cref="ArgumentException">The numbers are not 1, 2, 3 and so on.</exception>
    public MigrationSet(IEnumerable<Migration> migrations)
    {
        All = [.. migrations.OrderBy(m => m.Version)];
        for (var i = 0; i < All.Count; i++)
        {
            if (All[i].Version != i + 1)
            {
                throw new ArgumentException($"migration {All[i]} stands where number {i + 1} must be; numbers follow each other from 1");
            }
        }
    }

    /// <summary>Those of this program.</summary>
    public static MigrationSet Embedded { get; } = Load(typeof(MigrationSet).Assembly);

    /// <summary>All, oldest first.</summary>
    public IReadOnlyList<Migration> All { get; }

    /// <summary>Number of the newest; 0 if there is none.</summary>
    public int Newest => All.Count;

    /// <summary>The migration of a number.</summary>
    public Migration this[int version] => All[version - 1];

    // A name reads 0001_schema.up.sql.
    private static MigrationSet Load(Assembly assembly) =>
        new(from resource in assembly.GetManifestResourceNames()
            where resource.EndsWith(UpSuffix, StringComparison.Ordinal)
            let parts = resource[..^UpSuffix.Length].Split('_', 2)
            select new Migration(int.Parse(parts[0]), parts[1], Read(assembly, resource), Read(assembly, $"{resource[..^UpSuffix.Length]}{DownSuffix}")));

    private static string Read(Assembly assembly, string resource)
    {
        using var stream = assembly.GetManifestResourceStream(resource)
            ?? throw new ArgumentException($"there is no resource '{resource}' in {assembly.GetName().Name}; a migration has a file up and a file down");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
