using Grid.Domain.Events;
using Grid.Domain.Identifiers;

namespace Grid.Domain.Tests.Events;

public sealed class EventBatchCodecTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Batches_decode_to_what_was_encoded(int seed)
    {
        var events = new RandomEvents(seed);
        var batch = new EventBatch();
        for (var i = 0; i < 100; i++)
        {
            var payload = Payload.Of(events, events.Random.Next(1, 300), out var expected);
            Assert.Equal(BatchFault.None, Payload.Decode(payload, batch, out _));
            Assert.Equal(expected.Count, EventBatchDecoder.CountOf(payload));
            Payload.AssertEqual(expected, batch);
        }
    }

    [Fact]
    public void A_full_batch_of_the_widest_rows_fits_and_refuses_one_more()
    {
        var events = new RandomEvents(7);
        var encoder = new EventBatchEncoder(0);
        while (!encoder.IsFull)
        {
            var e = events.Next(EventKind.Quote, Payload.Names);
            encoder.Add(in e);
        }

        Assert.Equal(GridLimits.BatchEventsMax, encoder.Count);
        var payload = encoder.Finish().ToArray();
        Assert.Equal(encoder.Length, payload.Length);
        Assert.True(payload.Length <= GridLimits.BatchBytesMax);
        Assert.Equal(BatchFault.None, Payload.Decode(payload, new EventBatch(), out _));
        Assert.StartsWith("the batch is full: 16384 events", Assert.Throws<InvalidOperationException>(() => encoder.Add(default)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Definitions_fill_a_batch_by_their_bytes()
    {
        var encoder = new EventBatchEncoder();
        var definition = new RandomEvents(1).NextDefinition() with { Class = new string('c', 64), Currency = new string('u', 64), Calendar = new string('k', 64) };
        var e = new MarketEvent { Source = new SourceId(1), Instrument = new InstrumentId(1), Kind = EventKind.Definition };
        while (!encoder.IsFull)
        {
            encoder.Add(in e, definition);
        }

        Assert.InRange(encoder.Finish().Length, GridLimits.BatchBytesMax / 2, GridLimits.BatchBytesMax);
        Assert.Equal(BatchFault.None, Payload.Decode(encoder.Finish(), new EventBatch(), out _));
    }

    [Fact]
    public void A_cleared_encoder_starts_anew()
    {
        var encoder = new EventBatchEncoder();
        var e = new RandomEvents(1).Next(EventKind.Trade, Payload.Names);
        encoder.Add(in e);
        var first = encoder.Finish().ToArray();
        encoder.Clear();
        Assert.Equal(0, encoder.Count);
        encoder.Add(in e);
        Assert.Equal(first, encoder.Finish().ToArray());
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public void A_payload_cut_anywhere_is_refused(int seed)
    {
        var payload = Payload.Of(new RandomEvents(seed), 20, out _);
        var batch = new EventBatch();
        for (var length = 0; length < payload.Length; length++)
        {
            Assert.NotEqual(BatchFault.None, Payload.Decode(payload.AsSpan(0, length), batch, out _));
            Assert.Equal(0, batch.Count);
            Assert.Empty(batch.Runs);
            Assert.Empty(batch.Definitions);
        }
    }

    [Theory]
    [InlineData(21)]
    [InlineData(22)]
    [InlineData(23)]
    public void Damaged_payloads_are_judged_as_the_description_says_and_nothing_outside_is_read(int seed)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "NOT TESTED: pages are guarded on Linux only");
        var events = new RandomEvents(seed);
        using var memory = new GuardedMemory(64 << 10);
        var actual = new EventBatch();
        var expected = new EventBatch();
        var faults = new HashSet<BatchFault>();
        for (var i = 0; i < 20_000; i++)
        {
            var payload = Damage(Payload.Of(events, events.Random.Next(1, 12), out _), events.Random);
            expected.Clear();
            var expectedFault = new SlowDecoder(payload).Decode(expected, out var expectedRow);
            var fault = Payload.Decode(memory.PutAtEnd(payload), actual, out var row);
            Assert.True(expectedFault == fault && expectedRow == row, $"payload {i}: {fault} at {row}, not {expectedFault} at {expectedRow}: {Convert.ToHexString(payload)}");
            Payload.AssertEqual(expected, actual);
            faults.Add(fault);
        }

        Assert.Equal(Enum.GetValues<BatchFault>().Order(), faults.Order());
    }

    [Fact]
    public void Names_that_the_producer_did_not_announce_are_refused()
    {
        Assert.Equal(BatchFault.None, DecodeOne(Good()));
        Assert.Equal(BatchFault.Name, DecodeOne(Good() with { Source = default }));
        Assert.Equal(BatchFault.Name, DecodeOne(Good() with { Source = new SourceId(Payload.Names + 1) }));
        Assert.Equal(BatchFault.Name, DecodeOne(Good() with { Source = new SourceId(ushort.MaxValue) }));
        Assert.Equal(BatchFault.Name, DecodeOne(Good() with { Venue = new VenueId(Payload.Names + 1) }));
        Assert.Equal(BatchFault.Name, DecodeOne(Good() with { Channel = new ChannelId(Payload.Names + 1) }));
        Assert.Equal(BatchFault.Name, DecodeOne(Good() with { Channel = new ChannelId(uint.MaxValue) }));
        Assert.Equal(BatchFault.Name, DecodeOne(Good() with { Instrument = default }));
        Assert.Equal(BatchFault.Name, DecodeOne(Good() with { Instrument = new InstrumentId(Payload.Names + 1) }));
        Assert.Equal(BatchFault.Name, DecodeOne(Good() with { Instrument = new InstrumentId(uint.MaxValue) }));
    }

    [Theory]
    [InlineData(EventKind.None)]
    [InlineData(EventKind.Run)]
    [InlineData(EventKind.Definition)]
    [InlineData((EventKind)7)]
    [InlineData((EventKind)255)]
    public void A_kind_that_does_not_exist_or_lacks_its_wider_part_is_refused(EventKind kind) =>
        Assert.Equal(BatchFault.Kind, DecodeOne(Good() with { Kind = kind }));

    [Theory]
    [InlineData(EventKind.Trade)]
    [InlineData(EventKind.Definition)]
    public void A_wider_part_of_another_kind_is_refused(EventKind kind)
    {
        var encoder = new EventBatchEncoder();
        encoder.Add(Good() with { Kind = kind }, new RandomEvents(1).NextRun());
        Assert.Equal(BatchFault.Kind, Payload.Decode(encoder.Finish(), new EventBatch(), out _));
    }

    [Fact]
    public void What_only_grid_may_say_is_not_taken_from_a_feed()
    {
        var encoder = new EventBatchEncoder();
        encoder.Add(Good() with { Flags = (EventFlags)0xFF, Detail = 5, ReceiveTime = new UnixNanos(1) });
        var batch = new EventBatch();
        Payload.Decode(encoder.Finish(), batch, out _);
        Assert.Equal(EventFlags.FromFeed, batch.Events[0].Flags);
        Assert.Equal(0, batch.Events[0].Detail);
        Assert.Equal(Payload.ReceivedAt, batch.Events[0].ReceiveTime);
    }

    [Fact]
    public void Counts_and_versions_that_cannot_be_are_refused()
    {
        var payload = Payload.Of(new RandomEvents(1), 3, out _);
        Assert.Equal(BatchFault.Length, Payload.Decode([], new EventBatch(), out _));
        Assert.Equal(BatchFault.Version, Payload.Decode(With(payload, 0, 2), new EventBatch(), out _));
        Assert.Equal(BatchFault.Version, Payload.Decode(With(payload, 3, 1), new EventBatch(), out _));
        Assert.Equal(BatchFault.Count, Payload.Decode(With(payload, 4, 0), new EventBatch(), out _));
        Assert.Equal(BatchFault.Count, Payload.Decode(With(payload, 7, 0x80), new EventBatch(), out _));
        Assert.Equal(BatchFault.Length, Payload.Decode(With(payload, 4, 2), new EventBatch(), out _));
        Assert.Equal(BatchFault.Row, Payload.Decode(With(payload, 5, 1), new EventBatch(), out var row));
        Assert.Equal(3, row);
        Assert.Equal(0, EventBatchDecoder.CountOf([1, 0, 0, 0]));
    }

    [Fact]
    public void A_batch_grows_to_its_limit_and_no_further()
    {
        var batch = new EventBatch(1);
        Assert.Equal(GridLimits.BatchEventsMax, batch.Resize(GridLimits.BatchEventsMax).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => batch.Add(default));
        Assert.Throws<ArgumentOutOfRangeException>(() => batch.Resize(-1).Length);
        batch.Clear();
        Assert.Equal(0, batch.Count);
    }

    private static MarketEvent Good() => new()
    {
        Kind = EventKind.Trade,
        Source = new SourceId(1),
        Instrument = new InstrumentId(1),
        F0 = Price.One,
        F1 = Quantity.One,
    };

    private static BatchFault DecodeOne(MarketEvent e)
    {
        var encoder = new EventBatchEncoder();
        encoder.Add(in e);
        return Payload.Decode(encoder.Finish(), new EventBatch(), out _);
    }

    private static byte[] With(byte[] payload, int at, byte value)
    {
        var changed = (byte[])payload.Clone();
        changed[at] = value;
        return changed;
    }

    private static byte[] Damage(byte[] payload, Random random)
    {
        switch (random.Next(6))
        {
            case 0:
                return payload[..random.Next(payload.Length)];
            case 1:
                return [.. payload, .. new byte[random.Next(1, 40)]];
            case 2:
                payload[random.Next(8)] = (byte)random.Next(256);
                return payload;
            case 3:
                var cut = random.Next(8, payload.Length);
                return [.. payload.AsSpan(0, cut), .. payload.AsSpan(Math.Min(payload.Length, cut + random.Next(1, 9)))];
            default:
                for (var changes = random.Next(1, 4); changes > 0; changes--)
                {
                    payload[random.Next(8, payload.Length)] ^= (byte)(1 << random.Next(8));
                }

                return payload;
        }
    }
}
