using Grid.Runtime.Clustering;

namespace Grid.Runtime.Tests.Clustering;

public sealed class ProducerPositionTests
{
    private readonly ProducerPosition _position = new();

    public ProducerPositionTests() => Assert.True(_position.TryBegin(5));

    [Fact]
    public void It_goes_on_behind_the_last_batch_before_which_all_are_committed()
    {
        Assert.Equal([BatchTurn.New, BatchTurn.New, BatchTurn.New], new[] { Receive(1), Receive(2), Receive(3) });
        _position.Commit(5, 3);
        _position.Commit(5, 2);
        Assert.Equal((0UL, 3), (_position.Through, _position.OnTheirWay));
        Assert.Equal((BatchTurn.OnItsWay, BatchTurn.Committed), (Receive(1), Receive(2)));
        _position.Commit(5, 1);
        Assert.Equal((3UL, 0), (_position.Through, _position.OnTheirWay));
    }

    [Fact]
    public void A_number_with_other_content_is_refused_also_after_it_is_loaded_again()
    {
        Receive(1);
        Assert.Equal(BatchTurn.Reused, _position.Receive(5, 1, content: 99));
        _position.Commit(5, 1);
        Assert.Equal(BatchTurn.Reused, _position.Receive(5, 1, content: 99));

        var loaded = new ProducerPosition();
        loaded.Load(_position.Save());
        Assert.Equal((5UL, 1UL), (loaded.Epoch, loaded.Through));
        Assert.Equal((BatchTurn.Reused, BatchTurn.Committed, BatchTurn.New), (loaded.Receive(5, 1, 99), loaded.Receive(5, 1, 1), loaded.Receive(5, 2, 2)));
    }

    [Fact]
    public void Batches_come_in_order_and_old_ones_are_no_longer_compared()
    {
        Assert.Equal(BatchTurn.Skipped, Receive(2));
        for (ulong number = 1; number <= 200; number++)
        {
            Assert.Equal(BatchTurn.New, Receive(number));
            _position.Commit(5, number);
        }

        Assert.Equal((BatchTurn.TooOld, BatchTurn.Committed), (Receive(72), Receive(73)));
    }

    [Fact]
    public void A_batch_that_failed_may_be_sent_again_as_it_was()
    {
        Receive(1);
        Receive(2);
        _position.Fail(5, 1);
        _position.Commit(5, 2);
        Assert.Equal((BatchTurn.Reused, BatchTurn.New, BatchTurn.OnItsWay, BatchTurn.New), (_position.Receive(5, 1, content: 99), Receive(1), Receive(1), Receive(3)));
        _position.Commit(5, 1);
        Assert.Equal(2UL, _position.Through);
    }

    [Fact]
    public void The_number_of_a_refused_batch_is_free_again_and_those_behind_it_are_still_known()
    {
        Receive(1);
        Receive(2);
        Receive(3);
        _position.Refuse(5, 1);
        _position.Commit(5, 3);
        Assert.Equal(BatchTurn.New, _position.Receive(5, 1, content: 99));
        Assert.Equal((BatchTurn.OnItsWay, BatchTurn.Committed, BatchTurn.New), (Receive(2), Receive(3), Receive(4)));
        _position.Commit(5, 1);
        _position.Commit(5, 2);
        Assert.Equal((3UL, 4UL), (_position.Through, _position.Highest));
    }

    [Fact]
    public void A_later_life_begins_at_the_first_batch_and_an_earlier_one_is_refused()
    {
        Receive(1);
        Assert.True(_position.TryBegin(6));
        Assert.False(_position.TryBegin(5));
        Assert.Equal(BatchTurn.OldEpoch, Receive(2));
        _position.Commit(5, 1);
        _position.Fail(5, 1);
        Assert.Equal((0UL, BatchTurn.New), (_position.Through, _position.Receive(6, 1, 77)));
    }

    private BatchTurn Receive(ulong number) => _position.Receive(5, number, content: number);
}
