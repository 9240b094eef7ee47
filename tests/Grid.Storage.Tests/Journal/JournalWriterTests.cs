using Grid.Storage.Journal;
using Grid.Testing;
using static Grid.Storage.Tests.Journal.JournalBuilder;

namespace Grid.Storage.Tests.Journal;

public sealed class JournalWriterTests
{
    private readonly IJournalDirectory _journal = NewFolder();

    [Fact]
    public void Frames_are_numbered_from_1_and_read_back_as_they_were_appended()
    {
        using var writer = Open(_journal);
        var random = new Random(3);
        var payloads = Enumerable.Range(0, 200).Select(_ => new byte[random.Next(3000)]).ToList();
        foreach (var payload in payloads)
        {
            random.NextBytes(payload);
            writer.Append(JournalFrameType.Outcomes, null, payload);
        }

        writer.Flush();

        var frames = ReadAll(_journal);
        Assert.Equal(Enumerable.Range(1, 200).Select(i => (ulong)i), frames.Select(f => f.Lsn));
        Assert.Equal(payloads, frames.Select(f => f.Payload));
        Assert.All(frames, f => Assert.Equal(JournalFrameType.Outcomes, f.Type));
    }

    [Fact]
    public void A_payload_given_in_two_parts_is_read_as_one_with_its_flags()
    {
        using var writer = Open(_journal);
        var lsn = writer.Append(JournalFrameType.Input, null, "head "u8, "body"u8, flags: 0xA5);
        writer.Flush();

        using var reader = new JournalReader(_journal);
        Assert.True(reader.TryRead(out var frame));
        Assert.Equal(lsn, frame.Lsn);
        Assert.Equal(0xA5, frame.Flags);
        Assert.True(frame.Payload.SequenceEqual("head body"u8));
        Assert.Null(frame.Names);
        Assert.False(reader.TryRead(out _));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(JournalFormat.FrameBytesMax - 1)]
    [InlineData(JournalFormat.FrameBytesMax)]
    public void Frames_of_any_allowed_size_fit(int bytes)
    {
        var payload = new byte[bytes];
        new Random(4).NextBytes(payload);
        using var writer = Open(_journal);
        writer.Append(JournalFrameType.Input, null, "before"u8);
        writer.Append(JournalFrameType.Input, null, payload);
        writer.Append(JournalFrameType.Input, null, "after"u8);
        writer.Close();

        var frames = ReadAll(_journal);
        Assert.Equal(3, frames.Count);
        Assert.True(payload.AsSpan().SequenceEqual(frames[1].Payload));
    }

    [Fact]
    public void What_is_refused_is_named_and_harms_nothing()
    {
        using var other = Open(NewFolder());
        using var writer = Open(_journal);

        var tooLong = Assert.Throws<ArgumentException>(
            () => writer.Append(JournalFrameType.Input, null, new byte[JournalFormat.FrameBytesMax + 1]));
        var ownType = Assert.Throws<ArgumentException>(() => writer.Append(JournalFrameType.Dictionary, null, "x"u8));
        var foreign = Assert.Throws<ArgumentException>(() => writer.Append(JournalFrameType.Input, other.NewDictionary(), "x"u8));
        var first = writer.Append(JournalFrameType.Input, null, "good"u8);

        Assert.Equal("a journal frame has 16777217 bytes of payload; at most 16777216 are allowed", tooLong.Message);
        Assert.Equal("frames of type Dictionary are written by the journal itself", ownType.Message);
        Assert.Equal("dictionary 1 belongs to another journal writer", foreign.Message);
        Assert.Equal(1ul, first);
    }

    [Fact]
    public void Flushed_follows_appended_only_at_a_flush()
    {
        using var writer = Open(_journal);
        writer.Append(JournalFrameType.Input, null, "one"u8);
        writer.Append(JournalFrameType.Input, null, "two"u8);
        Assert.Equal((2ul, 0ul), (writer.LastLsn, writer.FlushedLsn));

        writer.Flush();
        Assert.Equal((2ul, 2ul), (writer.LastLsn, writer.FlushedLsn));

        var flushes = writer.Flushes;
        writer.Flush();
        Assert.Equal(flushes, writer.Flushes);
    }

    [Fact]
    public void Frames_appended_while_a_flush_is_under_way_are_for_the_next_one()
    {
        using var writer = Open(_journal);
        Assert.False(writer.BeginFlush());
        writer.Append(JournalFrameType.Input, null, "one"u8);
        Assert.True(writer.BeginFlush());
        writer.Append(JournalFrameType.Input, null, "two"u8);
        Assert.False(writer.BeginFlush());

        writer.RunFlush();
        Assert.Equal((2ul, 0ul, 0L), (writer.LastLsn, writer.FlushedLsn, writer.Flushes));
        writer.EndFlush();
        Assert.Equal((2ul, 1ul, 1L), (writer.LastLsn, writer.FlushedLsn, writer.Flushes));
        writer.RunFlush();
        writer.EndFlush();
        Assert.Equal((1ul, 1L), (writer.FlushedLsn, writer.Flushes));

        // Nobody does this one: ending it does.
        Assert.True(writer.BeginFlush());
        writer.EndFlush();
        Assert.Equal((2ul, 2L), (writer.FlushedLsn, writer.Flushes));
    }

    [Fact]
    public void More_frames_than_a_buffer_holds_wait_for_the_flush_under_way_and_keep_their_order()
    {
        using (var writer = Open(_journal))
        {
            for (var i = 0; i < 2000; i++)
            {
                writer.Append(JournalFrameType.Input, null, PayloadOf(writer.LastLsn + 1), new byte[i % 700]);
                if (i % 90 == 0)
                {
                    writer.BeginFlush();
                }
            }

            Assert.True(writer.Segments().Count > 2);
            writer.Close();
        }

        Assert.Equal(2000, ReadAll(_journal).Count);
    }

    [Fact]
    public void Flush_that_fails_on_another_thread_stops_the_writer_when_it_is_ended()
    {
        var disk = new FaultyDisk(1);
        using var writer = Open(disk.Root.Subdirectory(JournalFormat.FolderName));
        writer.Append(JournalFrameType.Input, null, "one"u8);
        writer.BeginFlush();
        disk.FailFlush(1);
        var thread = new Thread(writer.RunFlush);
        thread.Start();
        thread.Join();

        Assert.Contains("cannot be written at LSN 2 (flushed through LSN 0)", Assert.Throws<GridStorageException>(writer.EndFlush).Message, StringComparison.Ordinal);
        Assert.Throws<GridStorageException>(writer.Flush);
        Assert.Throws<GridStorageException>(() => writer.Append(JournalFrameType.Input, null, "two"u8));
    }

    [Fact]
    public void Appending_goes_on_while_a_thread_of_its_own_flushes()
    {
        const int Frames = 20_000;
        using var writer = Open(_journal);
        using var begun = new SemaphoreSlim(0);
        using var done = new SemaphoreSlim(1);
        var isLast = false;
        var flusher = new Thread(() =>
        {
            while (true)
            {
                begun.Wait();
                if (Volatile.Read(ref isLast))
                {
                    return;
                }

                writer.RunFlush();
                done.Release();
            }
        });
        flusher.Start();
        for (var i = 0; i < Frames; i++)
        {
            writer.Append(JournalFrameType.Input, null, PayloadOf(writer.LastLsn + 1));
            if (done.Wait(0))
            {
                writer.EndFlush();
                if (writer.BeginFlush())
                {
                    begun.Release();
                }
                else
                {
                    done.Release();
                }
            }
        }

        Volatile.Write(ref isLast, true);
        begun.Release();
        flusher.Join();
        writer.Flush();
        Assert.Equal((ulong)Frames, writer.FlushedLsn);
        Assert.Equal(Frames, ReadAll(_journal).Count);
    }

    [Fact]
    public void A_new_life_goes_on_with_the_next_number_in_a_new_segment()
    {
        AppendGroups(_journal, 3);
        AppendGroups(_journal, 2);
        using var writer = Open(_journal);

        Assert.Equal(new JournalRecovery(2, 1, 5, 2, 2, null, null), writer.Recovery);
        Assert.Equal(
            [new JournalSegment(1, 3, true), new JournalSegment(4, 5, true), new JournalSegment(6, 5, false)],
            writer.Segments());
        Assert.Equal(5, ReadAll(_journal).Count);
    }

    [Fact]
    public void Lives_without_frames_leave_one_empty_segment_at_most()
    {
        AppendGroups(_journal, 1);
        for (var i = 0; i < 5; i++)
        {
            Open(_journal).Dispose();
        }

        Assert.Equal(["0000000000000001.journal", "0000000000000002.journal"], _journal.List());
        AppendGroups(_journal, 1);
        Assert.Equal(2, ReadAll(_journal).Count);
    }

    [Fact]
    public void A_full_segment_is_cut_to_its_contents_and_the_next_begins_where_it_ends()
    {
        using var writer = Open(_journal);
        while (writer.Segments().Count < 4)
        {
            writer.Append(JournalFrameType.Input, null, PayloadOf(writer.LastLsn + 1), new byte[1000]);
        }

        writer.Flush();

        var segments = writer.Segments();
        foreach (var segment in segments.SkipLast(1))
        {
            using var file = _journal.OpenRead(segment.FileName);
            Assert.InRange(file.Length, SmallOptions.SegmentBytesMax - 2000, SmallOptions.SegmentBytesMax);
            Assert.Equal(file.Length, FrameOffsets(_journal, segment.FirstLsn)[^1]);
        }

        Assert.Equal(writer.LastLsn, (ulong)ReadAll(_journal).Count);
        Assert.Equal(segments[0].LastLsn + 1, segments[1].FirstLsn);
    }

    [Fact]
    public void A_frame_larger_than_a_segment_gets_a_longer_one()
    {
        using var writer = Open(_journal);
        writer.Append(JournalFrameType.Input, null, new byte[200_000]);
        writer.Append(JournalFrameType.Input, null, "next"u8);
        writer.Flush();

        Assert.Equal(2, writer.Segments().Count);
        Assert.Equal([200_000, 4], ReadAll(_journal).Select(f => f.Payload.Length));
    }

    [Fact]
    public void Segments_are_deleted_only_when_all_their_frames_are_before_the_LSN_and_never_the_last()
    {
        AppendGroups(_journal, 3);
        AppendGroups(_journal, 3);
        using var writer = Open(_journal);

        Assert.Equal(0, writer.DeleteSegmentsBefore(3));
        Assert.Equal(1, writer.DeleteSegmentsBefore(4));
        Assert.Equal(["0000000000000004.journal", "0000000000000007.journal"], _journal.List());
        Assert.Equal(1, writer.DeleteSegmentsBefore(ulong.MaxValue));
        Assert.Equal(["0000000000000007.journal"], _journal.List());
        Assert.Equal(7ul, writer.Append(JournalFrameType.Input, null, "seven"u8));
    }

    [Fact]
    public void Numbers_go_on_even_if_every_frame_has_been_deleted()
    {
        AppendGroups(_journal, 3);
        using (var writer = Open(_journal))
        {
            writer.DeleteSegmentsBefore(4);
        }

        using var reopened = Open(_journal, flushedLsnAtLeast: 3);
        Assert.Equal(3ul, reopened.LastLsn);
    }

    [Fact]
    public void Appending_and_flushing_allocate_nothing()
    {
        using var writer = Open(_journal, options: new() { SegmentBytesMax = 16 << 20 });
        var dictionary = writer.NewDictionary();
        AddSymbols(dictionary, "AAPL");
        var body = new byte[10_000];
        writer.Append(JournalFrameType.Input, dictionary, "warm"u8, body);

        // The runtime itself may allocate once while it warms up; what a frame costs would show in every round.
        var least = long.MaxValue;
        for (var round = 0; round < 10; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 100; i++)
            {
                writer.Append(JournalFrameType.Input, dictionary, "head"u8, body);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    [Fact]
    public void A_closed_writer_takes_no_more()
    {
        var writer = Open(_journal);
        writer.Append(JournalFrameType.Input, null, "kept"u8);
        writer.Close();

        Assert.Throws<ObjectDisposedException>(() => writer.Append(JournalFrameType.Input, null, "x"u8));
        Assert.Throws<ObjectDisposedException>(writer.Flush);
        Assert.Single(ReadAll(_journal));
    }
}
