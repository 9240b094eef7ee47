using Grid.Storage.Postgres.Committing;

namespace Grid.Storage.Tests.Postgres.Committing;

public sealed class GroupCommitOptionsTests
{
    [Fact]
    public void Defaults_are_these_and_only_the_silo_is_missing()
    {
        var options = new GroupCommitOptions();
        Assert.Equal(
            ("", 2_000, 200_000, TimeSpan.FromMilliseconds(250), 500_000, 500),
            (options.Silo, options.CommitRowsMin, options.CommitRowsMax, options.CommitTarget, options.QueueRowsMax, options.ClaimGrainsMax));
        options.Silo = "silo-1";
        options.Validate();
    }

    [Fact]
    public void Everything_wrong_is_told_at_once()
    {
        var options = new GroupCommitOptions
        {
            Silo = "silo 1",
            CommitRowsMin = 99,
            CommitRowsMax = 98,
            CommitTarget = TimeSpan.Zero,
            QueueRowsMax = 9_999,
            ClaimGrainsMax = 0,
        };
        Assert.Equal(
            """
            Option Commit:Silo: name 'silo 1' has byte 0x20 at position 4; only printable ASCII without spaces (0x21 to 0x7E) is allowed.
            Option Commit:CommitRowsMin is 99; it must be 100 to 1000000.
            Option Commit:CommitRowsMax is 98; it must be 100 to 1000000.
            Option Commit:CommitRowsMin is 99; it must be at most CommitRowsMax, 98.
            Option Commit:CommitTarget is 00:00:00; it must be 00:00:00.0010000 to 00:01:00.
            Option Commit:QueueRowsMax is 9999; it must be 10000 to 10000000.
            Option Commit:ClaimGrainsMax is 0; it must be 1 to 10000.
            """,
            Assert.Throws<ArgumentException>(options.Validate).Message);
    }
}
