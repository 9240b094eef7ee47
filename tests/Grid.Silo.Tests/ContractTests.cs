using System.Reflection;
using Grid.Silo.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace Grid.Silo.Tests;

/// <summary>Silos of different builds talk to each other while a cluster is brought up to date, so names and numbers of messages never change.</summary>
public sealed class ContractTests
{
    private static readonly Type[] Types = [.. typeof(IInstrumentGrain).Assembly.GetTypes().Where(t => t.Namespace == typeof(IInstrumentGrain).Namespace && !t.IsEnum && !t.IsNested)];

    // This list is only ever added to.
    [Fact]
    public void Grains_methods_and_messages_keep_their_names() => Assert.Equal(
        [
            "grid.batch", "grid.batch-answer", "grid.gap", "grid.instrument: apply latest", "grid.outcome-count", "grid.producer: open publish", "grid.refused-event",
            "grid.sighting", "grid.slice", "grid.slice-answer", "grid.source: gaps observe",
        ],
        Types.Select(t => t.IsInterface
            ? $"{AliasOf(t)}: {string.Join(' ', t.GetMethods().Select(AliasOf).Order(StringComparer.Ordinal))}"
            : AliasOf(t)).Order(StringComparer.Ordinal));

    [Fact]
    public void Fields_of_messages_keep_their_numbers() => Assert.Equal(
        [
            "grid.batch-answer: Result Outcomes Why", "grid.batch: ProducerEpoch Number ReceivedAtNs Events", "grid.gap: Channel Session FirstMissing LastMissing",
            "grid.outcome-count: Outcome Count", "grid.refused-event: Place Message", "grid.sighting: Channel Session Numbers",
            "grid.slice-answer: Result Outcomes Refused Why", "grid.slice: Producer ProducerEpoch Batch ReceivedAtNs Events Refused",
        ],
        Types.Where(t => !t.IsInterface).Select(t => $"{AliasOf(t)}: {string.Join(' ', FieldsOf(t))}").Order(StringComparer.Ordinal));

    [Fact]
    public void A_message_is_read_as_it_was_written()
    {
        using var services = new ServiceCollection().AddSerializer().BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer>();
        var slice = new SliceMessage("P", ulong.MaxValue, 7, -1, [1, 2, 3], [new RefusedEvent(-1, "no"), new RefusedEvent(4, "")]);
        var answer = new SliceAnswer(SliceResult.Refused, [new OutcomeCount(255, long.MaxValue)], [], null);

        var readSlice = serializer.Deserialize<SliceMessage>(serializer.SerializeToArray(slice))!;
        var readAnswer = serializer.Deserialize<SliceAnswer>(serializer.SerializeToArray(answer))!;

        Assert.Equal((slice.Producer, slice.ProducerEpoch, slice.Batch, slice.ReceivedAtNs), (readSlice.Producer, readSlice.ProducerEpoch, readSlice.Batch, readSlice.ReceivedAtNs));
        Assert.Equal(slice.Events, readSlice.Events);
        Assert.Equal(slice.Refused, readSlice.Refused.AsEnumerable());
        Assert.Equal(answer.Outcomes, readAnswer.Outcomes.AsEnumerable());
        Assert.Equal((SliceResult.Refused, null, 0), (readAnswer.Result, readAnswer.Why, readAnswer.Refused.Length));
    }

    private static IEnumerable<string> FieldsOf(Type type)
    {
        var fields = type.GetProperties().Select(p => (p.Name, p.GetCustomAttribute<IdAttribute>()?.Id)).Where(p => p.Id is not null).OrderBy(p => p.Id).ToList();
        Assert.Equal(Enumerable.Range(0, fields.Count).Select(i => (uint?)i), fields.Select(f => f.Id));
        return fields.Select(f => f.Name);
    }

    private static string AliasOf(MemberInfo member) =>
        member.GetCustomAttribute<AliasAttribute>()?.Alias ?? $"{member.Name} has no alias";
}
