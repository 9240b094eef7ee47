using Grid.Storage.Journal;

namespace Grid.Storage.Tests.Journal;

public sealed class JournalOptionsTests
{
    [Fact]
    public void Defaults_are_256_MB_segments_and_a_4_MB_buffer_and_are_valid()
    {
        var options = new JournalOptions();

        Assert.Equal(268_435_456, options.SegmentBytesMax);
        Assert.Equal(4_194_304, options.BufferBytes);
        options.Validate();
    }

    [Fact]
    public void Every_option_out_of_range_is_named_with_its_value_and_rule()
    {
        var options = new JournalOptions { SegmentBytesMax = 1, BufferBytes = 1 << 30 };

        var error = Assert.Throws<ArgumentException>(options.Validate);

        Assert.Equal(
            "Journal option SegmentBytesMax is 1; it must be 65536 to 4294967296 bytes.\n"
            + "Journal option BufferBytes is 1073741824; it must be 4096 to 67108864 bytes.",
            error.Message);
    }

    [Fact]
    public void A_journal_is_not_opened_with_options_out_of_range() =>
        Assert.Throws<ArgumentException>(() => JournalBuilder.Open(JournalBuilder.NewFolder(), options: new() { BufferBytes = 0 }));
}
