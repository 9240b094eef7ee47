using Grid.Runtime.Recovery;
using Grid.Runtime.Sequencing;
using Grid.Storage.Journal;
using Grid.Testing;

namespace Grid.Runtime.Tests.Simulation;

/// <summary>
/// What must hold whatever happened: acknowledged is in recovered is in sent, nothing twice, outcomes stay, replaying is
/// recovering, and in the end the market is what it would be without any trouble.
/// </summary>
internal sealed class SimulationOracle
{
    private readonly BatchLedger _ledger;
    private readonly List<SimulatedProducer> _producers;
    private readonly string _market;
    private readonly List<string> _picture;
    private readonly List<string> _gaps;

    public SimulationOracle(RandomMarket market, BatchLedger ledger, List<SimulatedProducer> producers)
    {
        _ledger = ledger;
        _producers = producers;
        using var plain = new PlainGrid(market.Names);
        foreach (var batch in market.All.Chunk(100))
        {
            plain.Apply(batch);
        }

        _market = plain.Hash().Market;
        _picture = new NaiveMarket(market.Names, market.All, RandomMarket.Rules).Picture();
        _gaps = NaiveMarket.Gaps(market.Names, market.All);
        MarketPicture.AssertSame(_picture, MarketPicture.Of(plain.Image));
    }

    /// <summary>Notes the outcomes of a batch.</summary>
    public void Decide(PendingBatch batch) => _ledger.Decide(new BatchKey(batch.Producer, batch.Epoch, batch.Number), batch.Outcomes);

    /// <summary>Checks what recovery found.</summary>
    public void CheckRecovered(DataFolder data, RecoveredGrid recovered, EmbeddedGridOptions options, bool alsoReplays)
    {
        foreach (var producer in _producers)
        {
            var ledger = recovered.Image.Producers.Get(producer.Name);
            Assert.True(ledger.Epoch <= producer.Epoch, $"{producer.Name} never had epoch {ledger.Epoch}");
            if (ledger.Epoch == producer.Epoch)
            {
                Assert.InRange(ledger.LastBatch, producer.Acknowledged, producer.Made);
                Assert.Equal(ledger.LastBatch, ledger.DurableBatch);
            }
            else
            {
                Assert.True(producer.Acknowledged == 0, $"{producer.Name} was told of batch {producer.Acknowledged} of epoch {producer.Epoch}, which is gone");
            }
        }

        ForgetWhatIsLost(recovered.Image);
        CheckJournal(data, recovered);
        if (alsoReplays)
        {
            var replayed = JournalReplay.Hash(data, options, new MemoryHistoryStores(), reevaluate: false);
            Assert.Equal(StateHash.Of(recovered.Image), (replayed.Market, replayed.Full));
        }
    }

    /// <summary>Checks a grid to which everything was sent.</summary>
    public void CheckMarket(GridImage image)
    {
        MarketPicture.AssertSame(_picture, MarketPicture.Of(image));
        Assert.Equal(_market, StateHash.Of(image).Market);
        Assert.Equal(_gaps, MarketPicture.Gaps(image));
    }

    // A batch that never reached the disk will come again, behind other batches, and may then be decided otherwise.
    private void ForgetWhatIsLost(GridImage image)
    {
        foreach (var key in _ledger.Decided.Keys.ToList())
        {
            var producer = image.Producers.Get(key.Producer);
            if (key.Epoch > producer.Epoch || (key.Epoch == producer.Epoch && key.Number > producer.LastBatch))
            {
                Assert.DoesNotContain(key, _ledger.Acknowledged);
                _ledger.Decided.Remove(key);
            }
        }
    }

    private void CheckJournal(DataFolder data, RecoveredGrid recovered)
    {
        var inputs = new Dictionary<ulong, (BatchKey Key, int Events)>();
        var seen = new HashSet<BatchKey>();
        var decided = new HashSet<BatchKey>();
        using var reader = new JournalReader(data.Journal);
        while (reader.TryRead(out var frame))
        {
            if (frame.Type == JournalFrameType.Input)
            {
                var payload = InputFrame.Read(frame.Payload, frame.Lsn, out var head);
                var key = new BatchKey(head.Producer, head.Epoch, head.Batch);
                Assert.True(_ledger.Sent.TryGetValue(key, out var sent), $"{key} was never sent");
                Assert.True(payload.SequenceEqual(sent), $"{key} has other content");
                Assert.True(seen.Add(key), $"{key} is in the journal twice");
                inputs.Add(frame.Lsn, (key, Domain.Events.EventBatchDecoder.CountOf(payload)));
            }
            else if (frame.Type == JournalFrameType.Outcomes && inputs.TryGetValue(OutcomeFrame.InputLsn(frame.Payload, frame.Lsn), out var input))
            {
                var outcomes = new Domain.Validation.Outcome[input.Events];
                OutcomeFrame.Read(frame.Payload, frame.Lsn, outcomes);
                _ledger.Decide(input.Key, outcomes);
                Assert.True(decided.Add(input.Key), $"the outcomes of {input.Key} are in the journal twice");
            }
        }

        // Segments that a snapshot covers may be gone; of a whole journal everything acknowledged must be there.
        if (recovered.Journal.Segments()[0].FirstLsn == 1)
        {
            Assert.Superset(_ledger.Acknowledged, seen);
        }

        Assert.Equal(seen, decided);
    }
}
