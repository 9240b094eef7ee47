using System.Runtime.CompilerServices;
using Grid.Domain.Identifiers;
using Grid.Storage.Journal;
using static Grid.Storage.Tests.Journal.JournalBuilder;

namespace Grid.Storage.Tests.Journal;

/// <summary>
/// Segments as earlier grids wrote them. They are only ever added: if one of these tests fails, journals out there
/// cannot be read any more, and the format needs a new version.
/// </summary>
public sealed class GoldenFileTests
{
    private const string Name = "0000000000000001.journal";

    [Fact]
    public void Version_1_is_written_byte_for_byte()
    {
        var journal = NewFolder();
        using (var writer = Open(journal))
        {
            Fill(writer);
        }

        Assert.Equal(File.ReadAllBytes(Path.Combine(Folder("v1"), Name)), Bytes(journal, Name));
    }

    [Fact]
    public void Version_1_is_read()
    {
        var golden = NewFolder();
        golden.Replace(Name, File.ReadAllBytes(Path.Combine(Folder("v1"), Name)));

        var frames = ReadAll(golden);

        Assert.Equal([3, 4, 6, 7, 8, 9], frames.Select(f => (int)f.Lsn));
        Assert.Equal(
            [JournalFrameType.Input, JournalFrameType.Outcomes, JournalFrameType.Input, JournalFrameType.Configuration, JournalFrameType.Source, JournalFrameType.Producer],
            frames.Select(f => f.Type));
        Assert.Equal("head body"u8.ToArray(), frames[0].Payload);
        Assert.Equal(["AAPL", "MSFT"], frames[0].Symbols);
        Assert.Equal(["AAPL", "MSFT", "912828XG0"], frames[2].Symbols);
        Assert.Empty(frames[3].Payload);
        Assert.Equal("2024-01-02T03:04:05.000000000Z", JournalVerifier.Verify(golden).Segments[0].CreatedAt.ToString());
    }

    private static void Fill(JournalWriter writer)
    {
        var dictionary = writer.NewDictionary();
        AddSymbols(dictionary, "AAPL", "MSFT");
        dictionary.Add(NameKind.Source, "NYSE"u8);
        writer.Append(JournalFrameType.Input, dictionary, "head "u8, "body"u8, flags: 1);
        writer.Append(JournalFrameType.Outcomes, null, "outcomes"u8);
        writer.Flush();
        AddSymbols(dictionary, "912828XG0");
        writer.Append(JournalFrameType.Input, dictionary, "second batch"u8);
        writer.Append(JournalFrameType.Configuration, null, default);
        writer.Append(JournalFrameType.Source, null, "source"u8);
        writer.Append(JournalFrameType.Producer, null, "producer"u8);
        writer.Close();
    }

    private static string Folder(string version, [CallerFilePath] string thisFile = "") =>
        Path.Combine(Path.GetDirectoryName(thisFile)!, "Golden", version);
}
