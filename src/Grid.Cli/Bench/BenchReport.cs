using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Grid.Cli.Bench;

/// <summary>How benchmarks write what they measured.</summary>
internal static class BenchReport
{
    private const int NameWidth = 13;

    /// <summary>One line: how the processes of a benchmark talk to each other.</summary>
    public static JsonSerializerOptions Json { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    private static JsonSerializerOptions Indented { get; } = new(Json) { WriteIndented = true };

    /// <summary>Writes a line for people: what it is about, then the text.</summary>
    public static void Tell(string name, string text) => Console.WriteLine($"{name.PadRight(NameWidth)}{text}");

    /// <summary>Writes a report to a file; does nothing without one.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Save<T>(string? file, T report)
    {
        if (file is not null)
        {
            File.WriteAllText(file, JsonSerializer.Serialize(report, Indented) + "\n");
        }
    }

    /// <summary>The command line of this process.</summary>
    public static string CommandLine() => "grid " + string.Join(' ', Environment.GetCommandLineArgs().Skip(1));

    /// <summary>A rate for people.</summary>
    public static string Rate(double perSecond) => perSecond >= 1e6 ? $"{perSecond / 1e6:0.00} million/s" : $"{perSecond:N0}/s";
}
