using System.Text;
using Grid.Domain;

namespace Grid.Storage.Tests.Journal;

public sealed class Crc32CTests
{
    [Theory]
    [InlineData("", 0x00000000u)]
    [InlineData("a", 0xC1D04330u)]
    [InlineData("123456789", 0xE3069283u)]
    public void Known_texts_have_their_published_checksums(string text, uint expected) =>
        Assert.Equal(expected, Crc32C.Compute(Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void Thirty_two_zeros_have_the_checksum_of_the_iSCSI_standard() =>
        Assert.Equal(0x8A9136AAu, Crc32C.Compute(new byte[32]));

    [Fact]
    public void Three_streams_give_what_one_bit_at_a_time_gives()
    {
        var random = new Random(1);
        var bytes = new byte[40_000];
        random.NextBytes(bytes);
        int[] edges = [767, 768, 769, 1536, 6143, 6144, 6145, 6912, 12_288, 19_200, 39_990];
        foreach (var length in Enumerable.Range(0, 300).Concat(edges))
        {
            var span = bytes.AsSpan(random.Next(8), length);
            Assert.Equal(BitByBit(0, span), Crc32C.Compute(span));
        }
    }

    [Fact]
    public void A_span_cut_anywhere_has_the_checksum_of_the_whole()
    {
        var random = new Random(2);
        var bytes = new byte[20_000];
        random.NextBytes(bytes);
        var whole = Crc32C.Compute(bytes);
        for (var i = 0; i < 200; i++)
        {
            var cut = random.Next(bytes.Length + 1);
            Assert.Equal(whole, Crc32C.Append(Crc32C.Compute(bytes.AsSpan(0, cut)), bytes.AsSpan(cut)));
        }
    }

    private static uint BitByBit(uint crc, ReadOnlySpan<byte> bytes)
    {
        crc = ~crc;
        foreach (var one in bytes)
        {
            crc ^= one;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
            }
        }

        return ~crc;
    }
}
