namespace Grid.Cli;

/// <summary>A command cannot do what it was asked, for a reason that one line explains: exit code 1.</summary>
internal sealed class CommandFailure : Exception
{
    /// <summary>A failure that one line explains.</summary>
    public CommandFailure(string line)
        : base(line)
    {
    }

    /// <summary>A failure that one line explains, with what caused it.</summary>
    public CommandFailure(string line, Exception cause)
        : base(line, cause)
    {
    }
}
