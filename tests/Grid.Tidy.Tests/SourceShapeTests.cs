using System.Text.RegularExpressions;

namespace Grid.Tidy.Tests;

public sealed partial class SourceShapeTests
{
    private const int LinesPerFileMax = 400;

    private static readonly string[] FoldersBanned = ["Helpers", "Models", "Interfaces", "Utils"];

    [Fact]
    public void Source_files_stay_under_400_lines() =>
        Rule.Holds($"A source file has fewer than {LinesPerFileMax} lines.",
            Repository.Sources.Where(f => f.Lines.Count > LinesPerFileMax).Select(f => $"{f.Path}: {f.Lines.Count} lines"));

    [Fact]
    public void Folders_are_named_for_a_concept() =>
        Rule.Holds($"No folder is named {string.Join(", ", FoldersBanned)}.",
            Repository.Files
                .Select(f => f.Path[..(f.Path.LastIndexOf('/') + 1)])
                .Distinct()
                .Where(folder => folder.Split('/').Intersect(FoldersBanned, StringComparer.OrdinalIgnoreCase).Any()));

    [Fact]
    public void Types_have_names_that_people_say() =>
        Rule.Holds("No type is a Manager, a Processor, a Util or a Helper.",
            Repository.Places(Repository.Sources, BannedTypeName()));

    [Fact]
    public void Namespaces_are_file_scoped() =>
        Rule.Holds("A source file has one file-scoped namespace; only Program.cs and files of attributes and usings have none.",
            Repository.Sources
                .Where(f => f.Name != "Program.cs" && DeclaresAType().IsMatch(f.Text) && FileScopedNamespace().Count(f.Text) != 1)
                .Select(f => f.Path));

    [Fact]
    public void Namespaces_begin_with_the_name_of_their_project() =>
        Rule.Holds("A file of project X lies in namespace X or below it.",
            from file in Repository.Sources
            from Match match in FileScopedNamespace().Matches(file.Text)
            let project = file.Path.Split('/')[1]
            where !$"{match.Groups[1].Value}.".StartsWith($"{project}.", StringComparison.Ordinal)
            select $"{file.Path}: {match.Groups[1].Value}");

    [Fact]
    public void Test_names_are_sentences() =>
        Rule.Holds("A test is named like Retried_batch_is_applied_once.",
            from file in Repository.Sources
            where file.IsUnder("tests/")
            from Match match in TestMethod().Matches(file.Text)
            let name = match.Groups[1].Value
            where !name.Contains('_', StringComparison.Ordinal)
            select $"{file.Path}: {name}");

    [Fact]
    public void Only_line_endings_of_one_kind_and_no_tabs_stand_in_sources() =>
        Rule.Holds("Sources end lines with LF and indent with spaces.",
            Repository.Sources.Where(f => f.Text.Contains('\r', StringComparison.Ordinal) || Indent().IsMatch(f.Text)).Select(f => f.Path));

    [GeneratedRegex(@"\b(?:class|struct|record|interface|enum)\s+\w*(?:Manager|Processor|Utils?|Utilities|Helpers?)\b")]
    private static partial Regex BannedTypeName();

    [GeneratedRegex(@"^namespace\s+([\w.]+)\s*;", RegexOptions.Multiline)]
    private static partial Regex FileScopedNamespace();

    [GeneratedRegex(@"^\s*(?:(?:public|internal|file|sealed|static|abstract|readonly|ref|partial|unsafe)\s+)*(?:class|struct|record|interface|enum|delegate)\s+\w", RegexOptions.Multiline)]
    private static partial Regex DeclaresAType();

    [GeneratedRegex(@"\[(?:Fact|Theory|Property)\b[^\n]*\](?:\s*(?://[^\n]*|\[[^\n]*\]))*\s*public\s+(?:static\s+|async\s+|override\s+|virtual\s+|unsafe\s+)*[\w<>.\[\]?]+\s+(\w+)\s*\(")]
    private static partial Regex TestMethod();

    [GeneratedRegex(@"^ *\t", RegexOptions.Multiline)]
    private static partial Regex Indent();
}
