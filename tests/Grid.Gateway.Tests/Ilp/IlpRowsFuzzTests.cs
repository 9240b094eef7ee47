using System.Text;
using Grid.Domain.Events;

namespace Grid.Gateway.Tests.Ilp;

public sealed class IlpRowsFuzzTests
{
    private const int Rounds = 100;
    private static readonly byte[] Alphabet = "trade,quote=instrument price size bid\\\"\n\r#.0123456789-+eiudtn\u0010\u0017"u8.ToArray();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Random_bytes_are_refused_or_read_and_nothing_else(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < Rounds; round++)
        {
            var body = new byte[random.Next(1, 2_000)];
            for (var i = 0; i < body.Length; i++)
            {
                body[i] = random.Next(40) == 0 ? (byte)random.Next(256) : Alphabet[random.Next(Alphabet.Length)];
            }

            AssertSameInPieces(body, random);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Damaged_lines_never_take_the_rest_with_them_unread(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < Rounds; round++)
        {
            var body = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 30).Select(i =>
                $"trade,instrument=I{i},venue=N\\ {i % 3} price={random.Next(1, 1000)}.{i},size={i}i,conditions=\"{i}\" {i}\n")).Replace("N\\ ", "N", StringComparison.Ordinal));
            for (var damages = random.Next(4); damages > 0; damages--)
            {
                body[random.Next(body.Length)] = random.Next(3) == 0 ? (byte)random.Next(256) : Alphabet[random.Next(Alphabet.Length)];
            }

            var rig = AssertSameInPieces(body, random);
            Assert.True(rig.Events.Count + rig.Faults.Count > 0);
        }
    }

    // Whatever is in a body, how it is cut on the way must not change what it says.
    private static IlpRig AssertSameInPieces(byte[] body, Random random)
    {
        var whole = IlpRig.Of(body);
        var pieces = new IlpRig();
        for (var at = 0; at < body.Length;)
        {
            var length = Math.Min(random.Next(1, 60), body.Length - at);
            pieces.Take(body.AsSpan(at, length), isLast: at + length == body.Length);
            at += length;
        }

        Assert.Equal(whole.Events.Select(Text), pieces.Events.Select(Text));
        Assert.Equal(whole.Faults.Select(f => f.ToString()), pieces.Faults.Select(f => f.ToString()));
        return whole;

        static string Text(MarketEvent e) => $"{e.Kind} {e.Flags} {e.Instrument} {e.Venue} {e.Sequence} {e.EventTime} {e.F0} {e.F1} {e.F2} {e.F3} {e.Conditions}";
    }
}
