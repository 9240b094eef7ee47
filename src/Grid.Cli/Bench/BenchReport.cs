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

    /// <summary>The command line of this process, without the address of a database, which may hold a password.</summary>
    public static string CommandLine()
    {
        var arguments = Environment.GetCommandLineArgs();
        var address = Array.IndexOf(arguments, "--postgres") + 1;
        return "grid " + string.Join(' ', arguments.Select((argument, i) => i == address && address > 0 ? "…" : argument).Skip(1));
    }

    /// <summary>A rate for people.</summary>
    public static string Rate(double perSecond) => perSecond >= 1e6 ? $"{perSecond / 1e6:0.00} million/s" : $"{perSecond:N0}/s";
}
