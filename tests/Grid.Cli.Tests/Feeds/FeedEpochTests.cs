using Grid.Cli.Feeds;
using Grid.Domain.Identifiers;

namespace Grid.Cli.Tests.Feeds;

public sealed class FeedEpochTests : IDisposable
{
    private static readonly UnixNanos Now = new(1_714_570_200_000_000_000);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Epoch_that_was_printed_holds_for_the_same_files_and_options()
    {
        string[] files = [_folder.Write("a.csv", "1\n2\n"), _folder.Write("b.csv", "3\n")];
        var epoch = FeedEpoch.Of(0, files, "csv", Now);

        Assert.InRange(epoch, (ulong)Now.Value - (1 << 24), (ulong)Now.Value + (1 << 24));
        Assert.Equal(epoch, FeedEpoch.Of(epoch, files, "csv", new UnixNanos(Now.Value * 2)));
        Assert.Equal(FeedEpoch.Of(7, files, "csv", Now), FeedEpoch.Of(7, files, "csv", new UnixNanos(Now.Value * 2)));
        Assert.True(FeedEpoch.Of(8, files, "csv", Now) > FeedEpoch.Of(7, files, "ndjson", Now));
    }

    [Theory]
    [InlineData("1\n2\n3\n", "csv")]
    [InlineData("1\n9\n", "csv")]
    [InlineData("1\n2\n", "csv --shuffle-window 10")]
    public void Epoch_of_other_or_longer_files_or_other_options_is_refused(string content, string options)
    {
        var file = _folder.Write("a.csv", "1\n2\n");
        var epoch = FeedEpoch.Of(0, [file], "csv", Now);
        _folder.Write("a.csv", content);

        var refused = Assert.Throws<CommandFailure>(() => FeedEpoch.Of(epoch, [file], options, Now));

        Assert.Equal(
            $"--epoch {epoch} was begun with other files or options than '{file}' now: going on would leave out rows unseen; without --epoch all is sent", refused.Message);
        Assert.NotEqual(FeedEpoch.Of(7, [file], "csv", Now), FeedEpoch.Of(7, [file], options + " ", Now));
    }
}
