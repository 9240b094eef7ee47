using System.Buffers;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Testing;

namespace Grid.Domain.Tests.Instruments;

public sealed class AmendmentsTests
{
    private static readonly SequenceDomain Domain = new(new SourceId(1), new ChannelId(2), 3);
    private readonly Amendments _amendments = new();

    [Fact]
    public void Trade_without_an_amendment_stays_as_it_is()
    {
        _amendments.TryAdd(Correct(9, amends: 5));
        Assert.Equal("100", Amended(6));
        var trade = Trade(5) with { Session = 4 };
        Assert.True(_amendments.TryAmend(ref trade));
        Assert.Equal(100, trade.F0);
    }

    [Fact]
    public void Highest_number_of_a_chain_holds_whatever_the_order_of_arrival()
    {
        // 12 corrects 10, which corrects the trade; 11 cancels the trade.
        Amendment[] chain = [Correct(10, amends: 5), Correct(12, amends: 10), Cancel(11, amends: 5)];
        foreach (var order in Testing.SmallMarket.Orders(chain.Length))
        {
            var amendments = new Amendments();
            foreach (var at in order)
            {
                amendments.TryAdd(in chain[at]);
            }

            Assert.Equal("12", Amended(5, amendments));
        }
    }

    [Fact]
    public void Cancel_of_a_correction_cancels_the_trade()
    {
        _amendments.TryAdd(Correct(10, amends: 5));
        Assert.Equal("10", Amended(5));
        _amendments.TryAdd(Cancel(11, amends: 10));
        Assert.Equal("cancelled", Amended(5));
    }

    [Fact]
    public void Amendments_without_numbers_of_their_own_go_by_time_then_cancel_then_content()
    {
        _amendments.TryAdd(Correct(0, amends: 5, time: 7) with { Price = new Price(1) });
        _amendments.TryAdd(Correct(0, amends: 5, time: 8) with { Price = new Price(2) });
        Assert.Equal("2", Amended(5));
        _amendments.TryAdd(Correct(0, amends: 5, time: 8) with { Price = new Price(4) });
        Assert.Equal("4", Amended(5));
        _amendments.TryAdd(Cancel(0, amends: 5, time: 8));
        Assert.Equal("cancelled", Amended(5));
    }

    [Fact]
    public void Root_of_a_chain_is_the_trade_as_far_as_the_chain_is_known()
    {
        var last = Correct(12, amends: 11);
        _amendments.TryAdd(in last);
        Assert.Equal(11UL, _amendments.RootOf(in last));
        _amendments.TryAdd(Correct(11, amends: 10));
        _amendments.TryAdd(Correct(10, amends: 5));
        Assert.Equal(5UL, _amendments.RootOf(in last));
    }

    [Fact]
    public void Chain_of_any_length_and_a_ring_are_resolved()
    {
        for (ulong i = 0; i < 1_000; i++)
        {
            _amendments.TryAdd(Correct(10 + i, amends: i == 0 ? 5 : 9 + i));
        }

        var last = Correct(1_009, amends: 1_008);
        Assert.Equal("1009", Amended(5));
        Assert.Equal(5UL, _amendments.RootOf(in last));
        var ring = new Amendments();
        ring.TryAdd(Correct(20, amends: 21));
        ring.TryAdd(Correct(21, amends: 20));
        ring.RootOf(Correct(21, amends: 20));
        Assert.Equal("21", Amended(20, ring));
    }

    [Fact]
    public void Many_amendments_of_equal_numbers_cost_no_more_than_their_count()
    {
        // Read as a tree this would be 40 to the power of 30.
        for (ulong link = 0; link < 30; link++)
        {
            for (var twin = 0; twin < 40; twin++)
            {
                _amendments.TryAdd(Correct(link + 6, amends: link + 5) with { Price = new Price(twin) });
            }
        }

        Assert.Equal("39", Amended(5));
    }

    [Fact]
    public void Amendment_that_comes_again_is_kept_once()
    {
        _amendments.TryAdd(Cancel(10, amends: 5));
        Assert.True(_amendments.TryAdd(Cancel(10, amends: 5)));
        Assert.Equal(1, _amendments.Count);
    }

    [Fact]
    public void Full_table_refuses_more_until_old_ones_have_no_trade_left_in_history()
    {
        var gone = new MemoryHistory();
        for (ulong i = 0; i < GridLimits.AmendmentsMax; i++)
        {
            Assert.True(_amendments.TryAdd(Cancel(i + 10_000, amends: i + 1, time: 1_000), gone));
        }

        const long TwoDays = 2 * UnixNanos.PerDay;
        Refuses(1_000 + TwoDays, gone);
        Refuses(long.MinValue, gone);

        // All are old enough, but the trades of all but two are still held.
        var live = new MemoryHistory();
        for (ulong i = 0; i < GridLimits.AmendmentsMax; i++)
        {
            live.AppendTick(Trade(i + 1) with { EventTime = new UnixNanos(i + 1 is 7 or 9 ? 1 : 2) }, default);
        }

        Refuses(1_001 + TwoDays, live);
        Refuses(1_001 + TwoDays, history: null);
        live.ForgetBefore(new UnixNanos(2));
        Assert.True(_amendments.HasRoom(new UnixNanos(1_001 + TwoDays), live));
        Assert.True(_amendments.TryAdd(Cancel(1, amends: 99_999, time: 1_001 + TwoDays), live));
        Assert.Equal((GridLimits.AmendmentsMax - 1, "100", "100", "cancelled"), (_amendments.Count, Amended(7), Amended(9), Amended(8)));
    }

    [Fact]
    public void Amendment_of_an_amendment_stays_while_the_trade_at_its_root_is_held()
    {
        var history = new MemoryHistory();
        history.AppendTick(Trade(5), default);
        _amendments.TryAdd(Correct(10, amends: 5, time: 1_000), history);
        _amendments.TryAdd(Cancel(11, amends: 10, time: 1_000), history);
        for (ulong i = 2; i < GridLimits.AmendmentsMax; i++)
        {
            _amendments.TryAdd(Cancel(i + 10_000, amends: i + 1_000, time: 1_000), history);
        }

        Assert.True(_amendments.TryAdd(Cancel(1, amends: 99_999, time: 1_001 + (2 * UnixNanos.PerDay)), history));
        Assert.Equal((3, "cancelled"), (_amendments.Count, Amended(5)));
    }

    private void Refuses(long time, MemoryHistory? history)
    {
        Assert.False(_amendments.HasRoom(new UnixNanos(time), history));
        Assert.False(_amendments.TryAdd(Cancel(1, amends: 99_999, time: time), history));
        Assert.Equal(GridLimits.AmendmentsMax, _amendments.Count);
    }

    [Fact]
    public void Saved_ones_are_read_back_and_a_copy_is_independent()
    {
        _amendments.TryAdd(Cancel(10, amends: 5));
        _amendments.TryAdd(Correct(11, amends: 6));
        _amendments.SetPending(Domain, 6, isPending: true);
        var buffer = new ArrayBufferWriter<byte>();
        _amendments.Save(new StateWriter(buffer));
        var reader = new StateReader(buffer.WrittenSpan);
        var loaded = Amendments.Load(ref reader);
        Assert.True(reader.IsAtEnd);
        Assert.Equal((2, true, "cancelled", "11"), (loaded.Count, loaded.HasPending, Amended(5, loaded), Amended(6, loaded)));
        loaded.SetPending(Domain, 6, isPending: false);
        Assert.False(loaded.HasPending);
        var copy = _amendments.Copy();
        _amendments.TryAdd(Cancel(12, amends: 6));
        Assert.Equal(("11", "cancelled"), (Amended(6, copy), Amended(6)));
    }

    private string Amended(ulong sequence, Amendments? amendments = null)
    {
        var trade = Trade(sequence);
        return (amendments ?? _amendments).TryAmend(ref trade) ? $"{trade.F0}" : "cancelled";
    }

    private static MarketEvent Trade(ulong sequence) => new()
    {
        Kind = EventKind.Trade,
        Source = Domain.Source,
        Channel = Domain.Channel,
        Session = Domain.Session,
        Sequence = sequence,
        F0 = 100,
    };

    // A correction's price is its number.
    private static Amendment Correct(ulong sequence, ulong amends, long time = 0) =>
        new(Domain, sequence, amends, false, new Price((long)sequence), new Quantity(1), new UnixNanos(time));

    private static Amendment Cancel(ulong sequence, ulong amends, long time = 0) =>
        new(Domain, sequence, amends, true, default, default, new UnixNanos(time));
}
