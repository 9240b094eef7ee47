namespace Grid.Cli.Telemetry;

/// <summary>Where metrics are sent besides being there to be asked for at <c>/metrics</c>.</summary>
internal sealed class OtlpOptions
{
    private static readonly TimeSpan IntervalLowest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan IntervalHighest = TimeSpan.FromHours(1);

    /// <summary>An OpenTelemetry collector, such as <c>http://127.0.0.1:4317</c>; empty, the default, sends nothing.</summary>
    public string Endpoint { get; set; } = string.Empty;

    /// <summary><c>grpc</c>, the default, or <c>http</c> (protobuf; the path <c>/v1/metrics</c> is added to an endpoint without one).</summary>
    public string Protocol { get; set; } = "grpc";

    /// <summary>How often; 1 s to 1 h, 15 s by default.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>The endpoint; null for none.</summary>
    public Uri? Collector => Endpoint.Length == 0 ? null : new Uri(Endpoint);

    /// <summary>Throws if an option is out of its range.</summary>
    /// <exception cref="ArgumentException">One line for each option that is: its name, its value and the rule.</exception>
    public void Validate()
    {
        var faults = new List<string>();
        if (Endpoint.Length > 0 && !(Uri.TryCreate(Endpoint, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"))
        {
            faults.Add($"Otlp option {nameof(Endpoint)} is '{Endpoint}'; it must be an http or https address.");
        }

        if (Protocol is not ("grpc" or "http"))
        {
            faults.Add($"Otlp option {nameof(Protocol)} is '{Protocol}'; it must be grpc or http.");
        }

        if (Interval < IntervalLowest || Interval > IntervalHighest)
        {
            faults.Add($"Otlp option {nameof(Interval)} is {Interval}; it must be {IntervalLowest} to {IntervalHighest}.");
        }

        if (faults.Count > 0)
        {
            throw new ArgumentException(string.Join('\n', faults));
        }
    }
}
