using System.Globalization;
using System.Text;
using Grid.Runtime.Metrics;

namespace Grid.Cli.Telemetry;

/// <summary>
/// What statements take, as a summary of Prometheus: counts and sums since the start, quantiles of the last minute. OpenTelemetry has
/// no such kind, and a histogram would need boundaries that fit both a lookup and a COPY of a million rows.
/// </summary>
internal static class StatementSummaries
{
    private const string Name = "grid_postgres_statement_seconds";

    /// <summary>The text; empty if nothing was sent.</summary>
    public static string Write(IReadOnlyList<StatementFigures> statements)
    {
        if (statements.Count == 0)
        {
            return string.Empty;
        }

        var text = new StringBuilder();
        text.Append("# TYPE ").Append(Name).Append(" summary\n# UNIT ").Append(Name).Append(" seconds\n# HELP ").Append(Name)
            .Append(" What statements take that are sent to PostgreSQL; quantiles of the last minute.\n");
        foreach (var (statement, count, sum, _, recent) in statements)
        {
            Quantile("0.5", recent.P50Ms);
            Quantile("0.95", recent.P95Ms);
            Quantile("0.99", recent.P99Ms);
            text.Append(CultureInfo.InvariantCulture, $"{Name}_sum{{statement=\"{statement}\"}} {sum.TotalSeconds}\n");
            text.Append(CultureInfo.InvariantCulture, $"{Name}_count{{statement=\"{statement}\"}} {count}\n");

            // Of nothing there is no quantile.
            void Quantile(string share, double milliseconds) => text.Append(
                CultureInfo.InvariantCulture, $"{Name}{{statement=\"{statement}\",quantile=\"{share}\"}} {(recent.Count == 0 ? double.NaN : milliseconds / 1000)}\n");
        }

        return text.ToString();
    }
}
