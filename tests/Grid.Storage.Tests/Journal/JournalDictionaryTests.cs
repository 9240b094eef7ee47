using System.Text;
using Grid.Domain.Identifiers;
using Grid.Storage.Journal;
using static Grid.Storage.Tests.Journal.JournalBuilder;

namespace Grid.Storage.Tests.Journal;

public sealed class JournalDictionaryTests
{
    private readonly IJournalDirectory _journal = NewFolder();

    [Fact]
    public void A_frame_comes_with_the_names_that_were_there_when_it_was_appended()
    {
        using var writer = Open(_journal);
        var dictionary = writer.NewDictionary();
        AddSymbols(dictionary, "AAPL", "MSFT");
        dictionary.Add(NameKind.Source, "NYSE"u8);
        writer.Append(JournalFrameType.Input, dictionary, "first"u8);
        AddSymbols(dictionary, "IBM");
        writer.Append(JournalFrameType.Input, dictionary, "second"u8);
        writer.Flush();

        using var reader = new JournalReader(_journal);
        Assert.True(reader.TryRead(out var first));
        var names = first.Names!;
        Assert.Equal(["AAPL", "MSFT"], Symbols(names));
        Assert.Equal("NYSE", names.Text(NameKind.Source, 0));
        names.Tag = "mine";

        Assert.True(reader.TryRead(out var second));
        Assert.Same(names, second.Names);
        Assert.Equal("mine", second.Names!.Tag);
        Assert.Equal(["AAPL", "MSFT", "IBM"], Symbols(names));
    }

    [Fact]
    public void Names_are_written_once_per_segment()
    {
        using var writer = Open(_journal);
        var dictionary = writer.NewDictionary();
        AddSymbols(dictionary, "AAPL");
        var lsns = Enumerable.Range(0, 3).Select(_ => writer.Append(JournalFrameType.Input, dictionary, "x"u8)).ToList();

        // The first number went to the dictionary frame.
        Assert.Equal([2ul, 3ul, 4ul], lsns);
    }

    [Fact]
    public void Each_segment_can_be_read_alone()
    {
        using (var writer = Open(_journal))
        {
            var one = writer.NewDictionary();
            var two = writer.NewDictionary();
            for (var i = 0; writer.Segments().Count < 6; i++)
            {
                AddSymbols(i % 2 == 0 ? one : two, $"SYM{i}");
                writer.Append(JournalFrameType.Input, i % 2 == 0 ? one : two, Encoding.ASCII.GetBytes($"SYM{i}"), new byte[500]);
            }

            writer.Close();
        }

        var whole = ReadAll(_journal);
        foreach (var name in _journal.List())
        {
            var alone = NewFolder();
            alone.Replace(name, Bytes(_journal, name));
            var frames = ReadAll(alone);
            Assert.NotEmpty(frames);
            foreach (var frame in frames)
            {
                Assert.Equal(Encoding.ASCII.GetString(frame.Payload).TrimEnd('\0'), frame.Symbols[^1]);
                Assert.Equal(whole.Single(f => f.Lsn == frame.Lsn).Symbols, frame.Symbols);
            }
        }
    }

    [Fact]
    public void Reading_from_the_middle_of_a_segment_knows_the_names_before()
    {
        using var writer = Open(_journal);
        var dictionary = writer.NewDictionary();
        AddSymbols(dictionary, "AAPL");
        writer.Append(JournalFrameType.Input, dictionary, "first"u8);
        var lsn = writer.Append(JournalFrameType.Input, dictionary, "second"u8);
        writer.Flush();

        var frame = Assert.Single(ReadAll(_journal, lsn));
        Assert.Equal(["AAPL"], frame.Symbols);
    }

    [Fact]
    public void Numbers_of_dictionaries_are_never_used_again()
    {
        for (var life = 1u; life <= 3; life++)
        {
            using var writer = Open(_journal);
            var dictionary = writer.NewDictionary();
            Assert.Equal(life, dictionary.Id);
            AddSymbols(dictionary, $"LIFE{life}");
            writer.Append(JournalFrameType.Input, dictionary, "x"u8);
            writer.Close();
        }

        using var after = Open(_journal);
        after.DeleteSegmentsBefore(ulong.MaxValue);
        after.Close();
        using var last = Open(_journal);
        Assert.Equal(4u, last.NewDictionary().Id);
    }

    [Fact]
    public void Hundred_thousand_names_are_written_in_parts_and_read_back()
    {
        using var writer = Open(_journal, options: new() { SegmentBytesMax = 32 << 20 });
        var dictionary = writer.NewDictionary();
        var symbols = Enumerable.Range(0, 100_000).Select(i => $"SYMBOL-{i:D30}").ToArray();
        AddSymbols(dictionary, symbols);
        var lsn = writer.Append(JournalFrameType.Input, dictionary, "x"u8);
        writer.Flush();

        Assert.Equal(5ul, lsn);
        Assert.Equal(symbols, Assert.Single(ReadAll(_journal)).Symbols);
    }

    [Fact]
    public void Dictionaries_larger_than_a_segment_do_not_make_a_segment_of_every_frame()
    {
        using var writer = Open(_journal);
        var dictionary = writer.NewDictionary();
        AddSymbols(dictionary, [.. Enumerable.Range(0, 10_000).Select(i => $"SYMBOL-{i:D30}")]);
        for (var i = 0; i < 100; i++)
        {
            writer.Append(JournalFrameType.Input, dictionary, new byte[1000]);
        }

        writer.Flush();
        Assert.InRange(writer.Segments().Count, 2, 4);
        Assert.All(ReadAll(_journal), f => Assert.Equal(10_000, f.Symbols.Length));
    }

    [Fact]
    public async Task Names_may_be_added_by_another_thread_while_frames_are_appended()
    {
        using var writer = Open(_journal);
        var dictionary = writer.NewDictionary();
        var handedOver = new System.Collections.Concurrent.BlockingCollection<int>(4);
        var adding = Task.Run(() =>
        {
            for (var i = 0; i < 20_000; i++)
            {
                AddSymbols(dictionary, $"S{i}");
                if (i % 100 == 99)
                {
                    handedOver.Add(i + 1, TestContext.Current.CancellationToken);
                }
            }

            handedOver.CompleteAdding();
        });

        foreach (var count in handedOver.GetConsumingEnumerable(TestContext.Current.CancellationToken))
        {
            writer.Append(JournalFrameType.Input, dictionary, BitConverter.GetBytes(count));
        }

        await adding;
        writer.Flush();

        var frames = ReadAll(_journal);
        Assert.Equal(200, frames.Count);
        Assert.All(frames, f =>
        {
            Assert.True(f.Symbols.Length >= BitConverter.ToInt32(f.Payload));
            Assert.Equal(Enumerable.Range(0, f.Symbols.Length).Select(i => $"S{i}"), f.Symbols);
        });
    }

    [Fact]
    public void A_bad_name_is_refused_with_the_rule()
    {
        using var writer = Open(_journal);
        var error = Assert.Throws<ArgumentException>(() => writer.NewDictionary().Add(NameKind.Venue, "two words"u8));
        Assert.StartsWith("name 'two words' has byte 0x20 at position 3", error.Message);
    }

    [Fact]
    public void An_index_that_no_frame_brought_is_reported()
    {
        using var writer = Open(_journal);
        var dictionary = writer.NewDictionary();
        AddSymbols(dictionary, "AAPL");
        writer.Append(JournalFrameType.Input, dictionary, "x"u8);
        writer.Flush();

        using var reader = new JournalReader(_journal);
        reader.TryRead(out var frame);
        var names = frame.Names!;
        var error = Assert.Throws<GridStorageException>(() => names.Text(NameKind.Instrument, 1));
        Assert.Equal("journal dictionary 1 has 1 names of kind Instrument; a frame refers to number 1", error.Message);
    }
}
