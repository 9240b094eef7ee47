namespace Grid.Cli.Demo;

/// <summary>What a demo is like.</summary>
/// <param name="Duration">How long; null until it is interrupted.</param>
/// <param name="EventsPerSecond">Rate.</param>
/// <param name="Instruments">Instruments.</param>
/// <param name="Seed">Makes the market.</param>
internal sealed record DemoOptions(TimeSpan? Duration, long EventsPerSecond, int Instruments, ulong Seed);
