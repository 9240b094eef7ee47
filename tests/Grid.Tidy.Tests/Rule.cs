namespace Grid.Tidy.Tests;

/// <summary>A rule of the house, checked by listing everything that breaks it.</summary>
internal static class Rule
{
    /// <summary>Fails with the rule and one line per offence, all of them.</summary>
    public static void Holds(string rule, IEnumerable<string> offences)
    {
        List<string> found = offences.ToList();
        if (found.Count > 0) Assert.Fail($"{rule}\n  {string.Join("\n  ", found)}");
    }
}
