using Grid.Domain.Cusips;
using Grid.Domain.Events;
using Grid.Domain.Instruments;
using Grid.Domain.Tests.Events;

namespace Grid.Domain.Tests.Instruments;

public sealed class InstrumentDefinitionTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Definitions_and_runs_read_back_as_they_were_written(int seed)
    {
        var events = new RandomEvents(seed);
        var bytes = new byte[GridLimits.EventExtensionBytesMax];
        for (var i = 0; i < 2000; i++)
        {
            var definition = events.NextDefinition();
            Assert.True(InstrumentDefinition.TryRead(bytes.AsSpan(0, definition.Write(bytes)), out var read));
            Assert.Equal(definition, read);

            var run = events.NextRun();
            run.Write(bytes);
            Assert.True(RunDetail.TryRead(bytes.AsSpan(0, RunDetail.EncodedBytes), out var readRun));
            Assert.Equal(run, readRun);
        }
    }

    [Fact]
    public void A_definition_of_any_other_length_is_refused()
    {
        var bytes = new byte[GridLimits.EventExtensionBytesMax];
        var length = (new RandomEvents(3).NextDefinition() with { Class = "equity" }).Write(bytes);
        for (var other = 0; other < length + 10; other++)
        {
            Assert.Equal(other == length, InstrumentDefinition.TryRead(bytes.AsSpan(0, other), out _));
        }
    }

    [Fact]
    public void A_wrong_cusip_or_version_is_refused()
    {
        var bytes = new byte[GridLimits.EventExtensionBytesMax];
        var length = new InstrumentDefinition { Cusip = Cusip.Parse("037833100") }.Write(bytes);
        bytes[41] = (byte)'1';
        Assert.False(InstrumentDefinition.TryRead(bytes.AsSpan(0, length), out _));
        bytes[41] = (byte)'0';
        Assert.True(InstrumentDefinition.TryRead(bytes.AsSpan(0, length), out _));
        bytes[0] = 2;
        Assert.False(InstrumentDefinition.TryRead(bytes.AsSpan(0, length), out _));

        new RandomEvents(1).NextRun().Write(bytes);
        bytes[0] ^= 1;
        Assert.False(RunDetail.TryRead(bytes.AsSpan(0, RunDetail.EncodedBytes), out _));
        Assert.False(RunDetail.TryRead(bytes.AsSpan(0, RunDetail.EncodedBytes - 1), out _));
    }

    [Fact]
    public void A_text_that_is_too_long_is_named() => Assert.Equal(
        $"definition text '{new string('x', 65)}' has 65 bytes; at most 64 are allowed",
        Assert.Throws<ArgumentException>(() => new InstrumentDefinition { Class = new string('x', 65) }.Write(new byte[1024])).Message);
}
