using System.Net;
using Grid.Cli.Settings;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;
using Grid.Gateway.Tls;
using Grid.Runtime.Calendars;

namespace Grid.Cli.Tests.Settings;

public sealed class ServerSettingsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Without_a_file_everything_has_its_default()
    {
        var settings = ServerSettings.Load(null, dataFolder: null, feed: null, http: null);

        Assert.Equal("data", settings.Grid.DataFolder);
        Assert.Equal("127.0.0.1:7401", settings.Feed.EndPoint.ToString());
        Assert.Equal("127.0.0.1:7400", settings.Http.EndPoint.ToString());
        Assert.Equal("127.0.0.1:7402", settings.Ilp!.EndPoint.ToString());
    }

    [Fact]
    public void File_sets_options_of_every_section()
    {
        var path = _folder.Write("grid.json", """
            {
              "Data": "elsewhere",
              "Grid": { "Shards": 2, "HotStoreBytesMax": 1073741824, "Journal": { "SegmentBytesMax": 1048576 } },
              "Feed": { "EndPoint": "127.0.0.1:9001", "HelloTimeout": "00:00:07" },
              "Http": { "EndPoint": "localhost:9002", "RowsMax": 77 },
              "Otlp": { "Endpoint": "http://127.0.0.1:4317", "Interval": "00:00:05" },
              "Ilp": { "EndPoint": "127.0.0.1:9003", "Precision": "us", "LineTimeout": "00:00:03" },
              "Rules": {
                "Classes": { "equity": { "PriceBandBasisPoints": 500, "Calendar": "nyse" }, "mine": { "SizeZero": "Reject" } },
                "Calendars": { "nyse": { "TimeZone": "America/New_York", "Hours": { "Monday": "09:30-16:00" }, "Holidays": [ "2024-12-25" ] } }
              }
            }
            """);

        var settings = ServerSettings.Load(path, dataFolder: null, feed: null, http: null);

        Assert.Equal("elsewhere", settings.Grid.DataFolder);
        Assert.Equal(2, settings.Grid.Shards);
        Assert.Equal(1 << 20, settings.Grid.Journal.SegmentBytesMax);
        Assert.Equal("127.0.0.1:9001", settings.Feed.EndPoint.ToString());
        Assert.Equal(TimeSpan.FromSeconds(7), settings.Feed.HelloTimeout);
        Assert.Equal(("127.0.0.1:9002", 77), (settings.Http.EndPoint.ToString(), settings.Http.RowsMax));
        Assert.Equal((new Uri("http://127.0.0.1:4317"), TimeSpan.FromSeconds(5)), (settings.Otlp.Collector, settings.Otlp.Interval));
        Assert.Equal(("127.0.0.1:9003", "us", TimeSpan.FromSeconds(3)), (settings.Ilp!.EndPoint.ToString(), settings.Ilp.Precision, settings.Ilp.LineTimeout));
        Assert.Equal(500, settings.Grid.Rules["equity"].PriceBandBasisPoints);
        Assert.Equal(RuleAction.Reject, settings.Grid.Rules["mine"].SizeZero);
        Assert.NotNull(settings.Grid.Rules.FindCalendar("nyse"));
    }

    [Fact]
    public void PostgreSQL_is_written_to_if_a_section_or_an_option_says_where()
    {
        Assert.Null(ServerSettings.Load(null, dataFolder: null, feed: null, http: null).Grid.Postgres);
        var path = _folder.Write("grid.json", """
            { "Postgres": { "ConnectionString": "Host=file", "FlushInterval": "00:00:02", "FlushRowsMax": 70000, "TickClasses": [ "equity", "fx" ], "Migrate": true } }
            """);

        var fromFile = ServerSettings.Load(path, dataFolder: null, feed: null, http: null).Grid.Postgres!;
        Assert.Equal(("Host=file", TimeSpan.FromSeconds(2), 70_000, true), (fromFile.ConnectionString, fromFile.FlushInterval, fromFile.FlushRowsMax, fromFile.Migrate));
        Assert.Equal(["equity", "fx"], fromFile.TickClasses!);

        var option = ServerSettings.Load(path, dataFolder: null, feed: null, http: null, postgres: "postgresql://me@option/grid").Grid.Postgres!;
        Assert.Equal(("postgresql://me@option/grid", 70_000), (option.ConnectionString, option.FlushRowsMax));
    }

    [Fact]
    public void A_database_is_taken_over_if_the_command_line_or_the_file_says_so()
    {
        var plain = _folder.Write("plain.json", """{ "Postgres": { "ConnectionString": "Host=file" } }""");
        var told = _folder.Write("told.json", """{ "Postgres": { "ConnectionString": "Host=file", "TakeOver": true } }""");
        Assert.False(TakesOver(plain, takeOver: false));
        Assert.True(TakesOver(plain, takeOver: true));
        Assert.True(TakesOver(told, takeOver: false));
        var refused = Assert.Throws<CommandFailure>(() => TakesOver(null, takeOver: true));
        Assert.Equal("--take-over: there is no database to take over; name it with --postgres or in section Postgres", refused.Message);

        static bool TakesOver(string? path, bool takeOver) =>
            ServerSettings.Load(path, dataFolder: null, feed: null, http: null, takeOver: takeOver).Grid.Postgres!.TakeOver;
    }

    [Fact]
    public void PostgreSQL_without_an_address_or_with_options_out_of_range_is_refused()
    {
        var path = _folder.Write("grid.json", """{ "Postgres": { "ConnectionsMax": 1 } }""");
        var refused = Assert.Throws<CommandFailure>(() => ServerSettings.Load(path, dataFolder: null, feed: null, http: null));
        Assert.Contains("Postgres:ConnectionString: the PostgreSQL address names no host", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Option Postgres:ConnectionsMax is 1; it must be 2 to 100.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_are_in_the_data_folder_and_TLS_is_for_all_ports_unless_the_file_says_otherwise()
    {
        var plain = ServerSettings.Load(null, "d", feed: null, http: null);
        Assert.Equal((Path.Combine("d", "keys.json"), null, null, null), (plain.Access.KeyFile, plain.Feed.Tls, plain.Ilp!.Tls, plain.Http.Tls));

        var settings = ServerSettings.Load(
            _folder.Write("grid.json", """
                {
                  "Access": { "KeyFile": "elsewhere.json", "PollInterval": "00:00:02" },
                  "Tls": { "CertificateFile": "all.pem" },
                  "Feed": { "Tls": { "CertificateFile": "feed.pem", "KeyFile": "feed.key", "ClientCertificate": "Require", "ClientCaFile": "ca.pem" } }
                }
                """),
            "d",
            feed: null,
            http: null);

        Assert.Equal(("elsewhere.json", TimeSpan.FromSeconds(2)), (settings.Access.KeyFile, settings.Access.PollInterval));
        Assert.Equal(("all.pem", null), (settings.Http.Tls!.CertificateFile, settings.Http.Tls.KeyFile));
        Assert.Equal("all.pem", settings.Ilp!.Tls!.CertificateFile);
        Assert.Equal(("feed.pem", "feed.key", ClientCertificateMode.Require, "ca.pem"), (settings.Feed.Tls!.CertificateFile, settings.Feed.Tls.KeyFile, settings.Feed.Tls.ClientCertificate, settings.Feed.Tls.ClientCaFile));
    }

    [Fact]
    public void Command_line_wins_over_the_file()
    {
        var path = _folder.Write("grid.json", """{ "Data": "a", "Feed": { "EndPoint": "127.0.0.1:9001" } }""");

        var settings = ServerSettings.Load(path, "b", new IPEndPoint(IPAddress.Loopback, 0), new IPEndPoint(IPAddress.Loopback, 5));

        Assert.Equal("b", settings.Grid.DataFolder);
        Assert.Equal((0, 5), (settings.Feed.EndPoint.Port, settings.Http.EndPoint.Port));
    }

    [Fact]
    public void All_that_is_wrong_is_named_in_one_message()
    {
        var path = _folder.Write("grid.json", """
            {
              "Dta": "typo",
              "Grid": { "Shards": 3, "Journal": { "BufferBytes": 1 } },
              "Feed": { "EndPoint": "here", "ConnectionsMax": 0 },
              "Rules": { "Classes": { "equity": { "PriceBandBasisPoints": -1, "Calendar": "none" } } }
            }
            """);

        var message = Assert.Throws<CommandFailure>(() => ServerSettings.Load(path, null, null, null)).Message;

        Assert.StartsWith($"'{path}': there is no section 'Dta', only Data, ", message, StringComparison.Ordinal);
        foreach (var part in new[] { "Shards 3", "Feed:EndPoint 'here'", "ConnectionsMax is 0", "PriceBandBasisPoints is -1", "Calendar is 'none'" })
        {
            Assert.Contains(part, message, StringComparison.Ordinal);
        }

        Assert.DoesNotContain('\n', message);
    }

    [Theory]
    [InlineData("""{ "Grid": { "Shard": 2 } }""", "section Grid:", "'Shard'")]
    [InlineData("""{ "Feed": { "HelloTimeout": "soon" } }""", "section Feed:", "soon")]
    [InlineData("""{ "Access": { "FailuresPerMinuteMax": 0 } }""", "Access option FailuresPerMinuteMax is 0", "1 to 100000")]
    [InlineData("""{ "Tls": { "Certificate": "x" } }""", "section Tls:", "'Certificate'")]
    [InlineData("""{ "Tls": { "Password": "x" } }""", "Feed option Tls:CertificateFile is missing", "a file with a certificate")]
    [InlineData("""{ "Rules": { "Classes": { "x": { "SizeZero": "Maybe" } } } }""", "section Rules:", "Maybe")]
    [InlineData("""{ "Rules": { "Calendars": { "x": { "TimeZone": "Atlantis/Center" } } } }""", "TimeZone is 'Atlantis/Center'", "no time zone")]
    public void Unknown_or_unreadable_option_is_named(string content, string place, string value)
    {
        var message = Assert.Throws<CommandFailure>(() => ServerSettings.Load(_folder.Write("grid.json", content), null, null, null)).Message;

        Assert.Contains(place, message, StringComparison.Ordinal);
        Assert.Contains(value, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Faults_name_the_line_of_their_option_and_empty_options_are_faults()
    {
        var path = _folder.Write("grid.json", """
            {
              // Where it all is.
              "Data": {},
              "Grid": {
                "Shards": 3,
                "Journal": { "BufferByte": 1 }
              },
              "Http": { "EndPoint": null },
              "Feed": { "HelloTimeout": "soon" }
            }
            """);

        var message = Assert.Throws<CommandFailure>(() => ServerSettings.Load(path, null, null, null)).Message;

        foreach (var part in new[] { "option Data is empty (line 3, Data)", "(line 6, Grid:Journal:BufferByte)", "option Http:EndPoint is empty (line 8, Http:EndPoint)", "(line 9, Feed:HelloTimeout)" })
        {
            Assert.Contains(part, message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Data_that_is_no_path_is_refused() => Assert.Contains(
        "Data must be the path of a folder (line 1, Data)",
        Assert.Throws<CommandFailure>(() => ServerSettings.Load(_folder.Write("grid.json", """{ "Data": { "Folder": "x" } }"""), null, null, null)).Message,
        StringComparison.Ordinal);

    [Fact]
    public void File_that_cannot_be_read_is_named()
    {
        Assert.Equal($"'{_folder.Path}' is a folder; a file is needed", Assert.Throws<CommandFailure>(() => ServerSettings.Load(_folder.Path, null, null, null)).Message);
        Assert.Equal($"'{_folder.File("none.json")}' does not exist", Assert.Throws<CommandFailure>(() => ServerSettings.Load(_folder.File("none.json"), null, null, null)).Message);
        Assert.StartsWith(
            $"'{_folder.File("bad.json")}' cannot be read: ",
            Assert.Throws<CommandFailure>(() => ServerSettings.Load(_folder.Write("bad.json", "{ no"), null, null, null)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Offsets_of_New_York_change_at_the_right_second()
    {
        var offsets = ZoneOffsets.Find("America/New_York")!;

        Assert.Null(ZoneOffsets.Find("Atlantis/Center"));
        Assert.Contains(offsets, o => o.From.ToString() == "2013-03-10T07:00:00.000000000Z" && o.OffsetSeconds == -4 * 3600);
        Assert.Contains(offsets, o => o.From.ToString() == "2013-11-03T06:00:00.000000000Z" && o.OffsetSeconds == -5 * 3600);
        Assert.Equal(offsets.Select(o => o.From).Order(), offsets.Select(o => o.From));
        Assert.Equal([new(new UnixNanos(long.MinValue), 0)], ZoneOffsets.Find("UTC")!);
    }
}
