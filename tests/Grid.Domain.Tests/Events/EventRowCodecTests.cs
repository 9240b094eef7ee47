using Grid.Domain.Events;
using Grid.Domain.Identifiers;

namespace Grid.Domain.Tests.Events;

public sealed class EventRowCodecTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 100)]
    [InlineData(3, 65_535)]
    [InlineData(4, uint.MaxValue)]
    public void Rows_read_back_as_they_were_written(int seed, uint names)
    {
        var events = new RandomEvents(seed);
        var buffer = new byte[GridLimits.EventRowBytesMax + 8];
        var written = default(MarketEvent);
        var read = default(MarketEvent);
        for (var i = 0; i < 20_000; i++)
        {
            var e = events.Next(events.NextPlainKind(), names);
            events.Random.NextBytes(buffer);
            var length = EventRowCodec.Write(ref buffer[0], in e, ref written);
            Assert.InRange(length, 5, GridLimits.EventRowBytesMax);
            Assert.Equal(length, EventRowCodec.Read(ref buffer[0], ref read, out var extension));
            Assert.Equal(0, extension);
            Assert.Equal(e, read);
            Assert.Equal(e, written);
        }
    }

    [Fact]
    public void A_row_like_the_one_before_it_has_no_context_and_no_numbers()
    {
        var e = new MarketEvent { Kind = EventKind.Trade, Source = new SourceId(3), Instrument = new InstrumentId(7) };
        var buffer = new byte[GridLimits.EventRowBytesMax + 8];
        var previous = e;
        Assert.Equal(5, EventRowCodec.Write(ref buffer[0], in e, ref previous));
        Assert.Equal(new byte[5], buffer[..5]);
    }

    [Fact]
    public void The_first_trade_of_a_stream_has_these_bytes()
    {
        var e = new MarketEvent
        {
            Kind = EventKind.Trade,
            Flags = EventFlags.Suspicious,
            Source = new SourceId(1),
            Channel = new ChannelId(2),
            Session = 20131007,
            Venue = new VenueId(3),
            Conditions = 5,
            Instrument = new InstrumentId(300),
            Sequence = 10,
            EventTime = new UnixNanos(-1),
            F0 = 181_520_000_000,
            F1 = 100 * Quantity.One,
        };
        var buffer = new byte[GridLimits.EventRowBytesMax + 8];
        var previous = default(MarketEvent);
        var length = EventRowCodec.Write(ref buffer[0], in e, ref previous);
        Assert.Equal(
            "3F" // kind and flags, source, channel, session, venue, conditions
            + "12410130" // lengths 2, 1, 1, 4, 1, 0, 0; F0 and F1 divided by their unit
            + "0110" + "0100" + "02000000" + "BF2C3301" + "0300" + "05000000"
            + "2C01" + "14" + "01" + "80F42902" + "C8",
            Convert.ToHexString(buffer.AsSpan(0, length)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(12)]
    [InlineData(16)]
    [InlineData(20)]
    [InlineData(24)]
    public void A_number_of_more_than_8_bytes_is_refused(int shift)
    {
        for (var bytes = 0u; bytes < 16; bytes++)
        {
            var row = new byte[GridLimits.EventRowBytesMax + 8];
            BitConverter.TryWriteBytes(row.AsSpan(1), bytes << shift);
            var e = default(MarketEvent);
            Assert.Equal(bytes <= 8 ? 5 + (int)bytes : 0, EventRowCodec.Read(ref row[0], ref e, out _));
        }
    }

    [Fact]
    public void An_extension_follows_its_row()
    {
        var e = new MarketEvent { Kind = EventKind.Run, Instrument = new InstrumentId(1) };
        var buffer = new byte[GridLimits.EventRowBytesMax + 8 + 300];
        var previous = default(MarketEvent);
        var extension = Enumerable.Range(0, 300).Select(i => (byte)i).ToArray();
        var length = EventRowCodec.Write(ref buffer[0], in e, ref previous, extension);
        var read = default(MarketEvent);
        var fixedLength = EventRowCodec.Read(ref buffer[0], ref read, out var extensionLength);
        Assert.Equal(300, extensionLength);
        Assert.Equal(length, fixedLength + 300);
        Assert.Equal(extension, buffer[fixedLength..length]);
        Assert.Equal(e, read);
    }

    [Fact]
    public void An_event_takes_80_bytes() => Assert.Equal(80, System.Runtime.CompilerServices.Unsafe.SizeOf<MarketEvent>());
}
