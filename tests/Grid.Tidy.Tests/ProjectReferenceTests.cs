namespace Grid.Tidy.Tests;

/// <summary>A project exists to forbid a dependency: this is the table of what each may know.</summary>
public sealed class ProjectReferenceTests
{
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Grid.Domain"] = [],
        ["Grid.Storage"] = ["Grid.Domain"],
        ["Grid.Runtime"] = ["Grid.Domain", "Grid.Storage"],
        ["Grid.Client"] = ["Grid.Domain"],
        ["Grid.Gateway"] = ["Grid.Domain", "Grid.Runtime"],
        ["Grid.Silo"] = ["Grid.Domain", "Grid.Gateway", "Grid.Runtime", "Grid.Storage"],
        ["Grid.Cli"] = ["Grid.Client", "Grid.Domain", "Grid.Gateway", "Grid.Runtime", "Grid.Storage"],
    };

    private static readonly string[] AspNetIsFor = ["Grid.Gateway", "Grid.Cli", "Grid.Silo"];

    private static IEnumerable<ProjectFile> Shipped => Repository.Projects.Where(p => p.File.IsUnder("src/"));

    [Fact]
    public void Every_shipped_project_stands_in_the_table() =>
        Rule.Holds("A project under src/ has a row in the table of allowed references.",
            Shipped.Where(p => !Allowed.ContainsKey(p.Name)).Select(p => p.File.Path));

    [Fact]
    public void Shipped_projects_reference_only_what_the_table_allows() =>
        Rule.Holds("Domain <- Storage <- Runtime <- {Gateway, Silo} <- executables.",
            from project in Shipped
            where Allowed.ContainsKey(project.Name)
            from reference in project.Projects.Except(Allowed[project.Name])
            select $"{project.Name} references {reference}");

    [Fact]
    public void Domain_references_no_package_and_no_framework_beyond_the_base()
    {
        ProjectFile domain = Shipped.Single(p => p.Name == "Grid.Domain");
        Rule.Holds("Grid.Domain is pure.", domain.Packages.Concat(domain.Frameworks).Concat(domain.Projects));
    }

    [Fact]
    public void Only_gateway_and_executables_know_ASP_NET() =>
        Rule.Holds("ASP.NET belongs to the gateway and the executables.",
            from project in Shipped
            where !AspNetIsFor.Contains(project.Name)
            from name in project.Frameworks.Concat(project.Packages)
            where name.Contains("AspNetCore", StringComparison.Ordinal)
            select $"{project.Name} references {name}");

    [Fact]
    public void Only_silo_knows_Orleans_and_Redis() =>
        Rule.Holds("Orleans and Redis belong to Grid.Silo.",
            from project in Shipped
            where project.Name != "Grid.Silo"
            from package in project.Packages
            where package.Contains("Orleans", StringComparison.Ordinal) || package.Contains("Redis", StringComparison.Ordinal)
            select $"{project.Name} references {package}");

    [Fact]
    public void Only_storage_knows_Npgsql() =>
        Rule.Holds("SQL belongs to Grid.Storage.",
            from project in Shipped
            where project.Name != "Grid.Storage"
            from package in project.Packages
            where package.Contains("Npgsql", StringComparison.Ordinal)
            select $"{project.Name} references {package}");

    [Fact]
    public void No_shipped_project_references_a_test_project() =>
        Rule.Holds("src/ does not know tests/.",
            from project in Repository.Projects
            where project.File.IsUnder("src/")
            from reference in project.Projects
            where !Allowed.ContainsKey(reference)
            select $"{project.Name} references {reference}");

    [Fact]
    public void Every_shipped_project_has_its_tests() =>
        Rule.Holds("A project X under src/ has tests/X.Tests, which references it.",
            from project in Shipped
            where !Repository.Projects.Any(p => p.Name == $"{project.Name}.Tests" && p.Projects.Contains(project.Name))
            select project.Name);

    [Fact]
    public void Package_versions_stand_in_one_file() =>
        Rule.Holds("Versions stand in Directory.Packages.props.",
            from project in Repository.Projects
            from package in project.PackagesWithVersions
            select $"{project.File.Path}: {package}");
}
