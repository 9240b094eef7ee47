using System.Buffers.Binary;
using Grid.Domain.Validation;
using Grid.Storage;

namespace Grid.Runtime.Sequencing;

/// <summary>
/// Payload of a journal frame of type Outcomes: what was decided of each event of one input frame, run-length coded.
/// </summary>
/// <remarks><code>payload := input lsn:u64  events:u32  (run length:varint  outcome:u8)*</code>All little endian; varint in groups of 7 bits, lowest first.</remarks>
internal static class OutcomeFrame
{
    private const int HeadBytes = 12;

    public static int BytesMax(int events) => HeadBytes + (events * 4);

    public static int Write(Span<byte> target, ulong inputLsn, ReadOnlySpan<Outcome> outcomes)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(target, inputLsn);
        BinaryPrimitives.WriteUInt32LittleEndian(target[8..], (uint)outcomes.Length);
        var at = HeadBytes;
        for (var i = 0; i < outcomes.Length;)
        {
            var run = outcomes[i..].IndexOfAnyExcept(outcomes[i]);
            run = run < 0 ? outcomes.Length - i : run;
            i += run;
            for (var rest = (uint)run; ; rest >>= 7)
            {
                target[at++] = (byte)(rest < 128 ? rest : rest | 128);
                if (rest < 128)
                {
                    break;
                }
            }

            target[at++] = outcomes[i - 1].Value;
        }

        return at;
    }

    public static ulong InputLsn(ReadOnlySpan<byte> payload, ulong lsn) => payload.Length >= HeadBytes
        ? BinaryPrimitives.ReadUInt64LittleEndian(payload)
        : throw Broken(lsn, "it is shorter than its head");

    public static void Read(ReadOnlySpan<byte> payload, ulong lsn, Span<Outcome> outcomes)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(payload[8..]) != outcomes.Length)
        {
            throw Broken(lsn, $"its count is not the {outcomes.Length} events of its input");
        }

        var filled = 0;
        var at = HeadBytes;
        while (filled < outcomes.Length)
        {
            uint run = 0;
            for (var shift = 0; ; shift += 7)
            {
                if (at + 1 >= payload.Length || shift > 28)
                {
                    throw Broken(lsn, "a run is cut");
                }

                var next = payload[at++];
                run |= (uint)(next & 127) << shift;
                if (next < 128)
                {
                    break;
                }
            }

            if (run == 0 || run > outcomes.Length - filled)
            {
                throw Broken(lsn, $"a run of {run} does not fit");
            }

            outcomes.Slice(filled, (int)run).Fill(new Outcome(payload[at++]));
            filled += (int)run;
        }

        if (at != payload.Length)
        {
            throw Broken(lsn, $"{payload.Length - at} bytes follow its runs");
        }
    }

    private static GridStorageException Broken(ulong lsn, string why) => new($"journal frame {lsn} holds outcomes, but {why}");
}
