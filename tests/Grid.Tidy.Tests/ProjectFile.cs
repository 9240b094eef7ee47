using System.Xml.Linq;

namespace Grid.Tidy.Tests;

/// <summary>What a .csproj says it depends on.</summary>
internal sealed class ProjectFile
{
    private readonly XDocument _xml;

    public ProjectFile(RepositoryFile file)
    {
        File = file;
        _xml = XDocument.Parse(file.Text);
    }

    public RepositoryFile File { get; }

    public string Name => Path.GetFileNameWithoutExtension(File.Path);

    /// <summary>Names of the projects referenced, sorted.</summary>
    public IReadOnlyList<string> Projects =>
        Includes("ProjectReference").Select(path => Path.GetFileNameWithoutExtension(path.Replace('\\', '/'))).Order().ToList();

    public IReadOnlyList<string> Packages => Includes("PackageReference").Order().ToList();

    public IReadOnlyList<string> Frameworks => Includes("FrameworkReference").Order().ToList();

    /// <summary>Packages whose version stands here and not in Directory.Packages.props.</summary>
    public IEnumerable<string> PackagesWithVersions =>
        _xml.Descendants("PackageReference")
            .Where(e => e.Attribute("Version") is not null || e.Attribute("VersionOverride") is not null || e.Element("Version") is not null)
            .Select(e => $"{e.Attribute("Include")?.Value}");

    private IEnumerable<string> Includes(string element) =>
        _xml.Descendants(element).Select(e => e.Attribute("Include")?.Value).OfType<string>();
}
