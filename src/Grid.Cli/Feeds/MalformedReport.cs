namespace Grid.Cli.Feeds;

/// <summary>Tells of malformed lines: the first ones each, the others by number.</summary>
internal sealed class MalformedReport(TextWriter output)
{
    private const int LinesShownMax = 20;

    private long _count;

    public void Add(MalformedLine line)
    {
        if (++_count <= LinesShownMax)
        {
            output.WriteLine($"{line.File}:{line.Line}: {line.Reason}");
        }
    }

    public void Finish()
    {
        if (_count > LinesShownMax)
        {
            output.WriteLine($"{_count - LinesShownMax} more malformed lines");
        }
    }
}
