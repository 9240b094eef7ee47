using System.Globalization;
using System.Text;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;

namespace Grid.Domain.Instruments;

/// <summary>The canonical text of a <see cref="RuleBook"/>: equal rules give equal text, byte for byte.</summary>
/// <remarks>
/// <code>
/// grid-rules 1
/// calendar NAME                        calendars by name
/// zone FROM OFFSET                     nanoseconds since 1970, seconds ahead of UTC
/// hours DAY OPEN CLOSE                 Sunday first, hh:mm:ss
/// holiday YYYY-MM-DD                   ascending
/// class NAME                           classes by name
/// RULE ACTION [LIMIT]                  all rules in the order of RejectReason; limits: plain decimal size, nanoseconds,
///                                      calendar name or "-", basis points
/// </code>
/// Lines end with LF. A rule that is added later gets a new version in the first line, so that an old text keeps its meaning.
/// </remarks>
internal static class RuleBookText
{
    private const string Header = "grid-rules 1";
    private const string DateFormat = "yyyy-MM-dd";
    private const string NoCalendar = SessionCalendar.NoName;

    public static string Write(RuleBook book)
    {
        var text = new StringBuilder();
        text.Append(Header).Append('\n');
        foreach (var calendar in book.Calendars)
        {
            Write(text, calendar);
        }

        foreach (var (name, rules) in book.Classes)
        {
            Write(text, name, rules);
        }

        return text.ToString();
    }

    public static RuleBook Read(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var reader = new LineReader(text);
        if (!reader.TryTake(Header))
        {
            throw reader.Fault($"'{Header}'");
        }

        try
        {
            var calendars = new List<SessionCalendar>();
            while (reader.TryTake("calendar", out var words, 1))
            {
                calendars.Add(ReadCalendar(words[0], ref reader));
            }

            var classes = new List<KeyValuePair<string, ClassRules>>();
            while (reader.TryTake("class", out var words, 1))
            {
                classes.Add(new(words[0], ReadClass(ref reader)));
            }

            if (!reader.IsAtEnd)
            {
                throw reader.Fault("'class'");
            }

            var book = new RuleBook(classes, calendars);
            return book.ToCanonicalText() == text
                ? book
                : throw new FormatException("rules: the text is not canonical: names or values are not in their order or shortest form");
        }
        catch (ArgumentException e)
        {
            throw new FormatException($"rules: {e.Message}", e);
        }
    }

    private static void Write(StringBuilder text, SessionCalendar calendar)
    {
        text.Append("calendar ").Append(calendar.Name).Append('\n');
        foreach (var offset in calendar.Offsets)
        {
            text.Append("zone ").Append(offset.From.Value).Append(' ').Append(offset.OffsetSeconds).Append('\n');
        }

        foreach (var session in calendar.Hours)
        {
            text.Append("hours ").Append(session.Day).Append(' ').Append(TimeOfDay(session.Open)).Append(' ').Append(TimeOfDay(session.Close)).Append('\n');
        }

        foreach (var holiday in calendar.Holidays)
        {
            text.Append("holiday ").Append(holiday.ToString(DateFormat, CultureInfo.InvariantCulture)).Append('\n');
        }
    }

    private static void Write(StringBuilder text, string name, ClassRules rules)
    {
        text.Append("class ").Append(name).Append('\n');
        for (var reason = RejectReason.PriceNotPositive; reason <= RejectReason.CusipMismatch; reason++)
        {
            // Negative sizes are no class's choice.
            if (reason == RejectReason.SizeNegative)
            {
                continue;
            }

            text.Append(reason).Append(' ').Append(rules.ActionOf(reason) switch
            {
                RuleAction.Accept => "accept",
                RuleAction.Flag => "flag",
                _ => "reject",
            });
            text.Append(reason switch
            {
                RejectReason.SizeOverLimit => $" {rules.SizeMax}",
                RejectReason.TimeAhead => $" {rules.AheadMaxNs}",
                RejectReason.TimeTooOld => $" {rules.AgeMaxNs}",
                RejectReason.OutsideSession => rules.Calendar.Length > 0 ? $" {rules.Calendar}" : $" {NoCalendar}",
                RejectReason.PriceBand => $" {rules.PriceBandBasisPoints}",
                _ => string.Empty,
            }).Append('\n');
        }
    }

    private static SessionCalendar ReadCalendar(string name, ref LineReader reader)
    {
        var offsets = new List<ZoneOffset>();
        while (reader.TryTake("zone", out var words, 2))
        {
            offsets.Add(new ZoneOffset(new UnixNanos(reader.Number(words[0])), (int)reader.Number(words[1])));
        }

        var hours = new List<SessionHours>();
        while (reader.TryTake("hours", out var words, 3))
        {
            hours.Add(Enum.TryParse<DayOfWeek>(words[0], out var day) && Enum.IsDefined(day)
                ? new SessionHours(day, reader.TimeOfDay(words[1]), reader.TimeOfDay(words[2]))
                : throw reader.FaultIn(words[0], "a weekday"));
        }

        var holidays = new List<DateOnly>();
        while (reader.TryTake("holiday", out var words, 1))
        {
            holidays.Add(DateOnly.TryParseExact(words[0], DateFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
                ? date
                : throw reader.FaultIn(words[0], $"a date {DateFormat}"));
        }

        return new SessionCalendar(name, offsets, hours, holidays);
    }

    // Initialisers run in the order in which they stand here, which is the order of the lines.
    private static ClassRules ReadClass(ref LineReader reader) => new()
    {
        PriceNotPositive = reader.Rule(RejectReason.PriceNotPositive),
        SizeZero = reader.Rule(RejectReason.SizeZero),
        SizeOverLimit = reader.Rule(RejectReason.SizeOverLimit, out var sizeMax),
        SizeMax = Quantity.Parse(sizeMax),
        TimeAhead = reader.Rule(RejectReason.TimeAhead, out var aheadMax),
        AheadMaxNs = reader.Number(aheadMax),
        TimeTooOld = reader.Rule(RejectReason.TimeTooOld, out var ageMax),
        AgeMaxNs = reader.Number(ageMax),
        OutsideSession = reader.Rule(RejectReason.OutsideSession, out var calendar),
        Calendar = calendar == NoCalendar ? string.Empty : calendar,
        OffTick = reader.Rule(RejectReason.OffTick),
        Crossed = reader.Rule(RejectReason.Crossed),
        Locked = reader.Rule(RejectReason.Locked),
        PriceBand = reader.Rule(RejectReason.PriceBand, out var band),
        PriceBandBasisPoints = (int)reader.Number(band),
        Suspicious = reader.Rule(RejectReason.Suspicious),
        CusipMismatch = reader.Rule(RejectReason.CusipMismatch),
    };

    // 24:00:00 is a time of day here.
    private static string TimeOfDay(TimeSpan time) =>
        $"{(int)time.TotalHours:D2}:{time.Minutes:D2}:{time.Seconds:D2}";

    // lines[0..next) are read.
    private ref struct LineReader(string text)
    {
        private readonly string[] _lines = text.Split('\n');
        private int _next;

        // The text ends with LF, so the last piece is empty.
        public readonly bool IsAtEnd => _next == _lines.Length - 1 && _lines[_next].Length == 0;

        public bool TryTake(string line)
        {
            if (_next >= _lines.Length || _lines[_next] != line)
            {
                return false;
            }

            _next++;
            return true;
        }

        public bool TryTake(string key, out string[] words, int count)
        {
            words = [];
            if (_next >= _lines.Length || _lines[_next].Split(' ') is not { } found || found[0] != key || found.Length != count + 1)
            {
                return false;
            }

            words = found[1..];
            _next++;
            return true;
        }

        public RuleAction Rule(RejectReason reason) => TryTake(reason.ToString(), out var words, 1) ? Action(words[0]) : throw Fault($"'{reason} ACTION'");

        public RuleAction Rule(RejectReason reason, out string limit)
        {
            if (!TryTake(reason.ToString(), out var words, 2))
            {
                throw Fault($"'{reason} ACTION LIMIT'");
            }

            limit = words[1];
            return Action(words[0]);
        }

        public readonly long Number(string word) =>
            long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : throw FaultIn(word, "a whole number");

        public readonly TimeSpan TimeOfDay(string word)
        {
            if (word == "24:00:00")
            {
                return TimeSpan.FromDays(1);
            }

            return TimeSpan.TryParseExact(word, "hh\\:mm\\:ss", CultureInfo.InvariantCulture, out var time)
                ? time
                : throw FaultIn(word, "a time of day hh:mm:ss");
        }

        public readonly FormatException Fault(string expected) =>
            new($"rules line {_next + 1}: '{(_next < _lines.Length ? _lines[_next] : string.Empty)}' stands where {expected} is expected");

        public readonly FormatException FaultIn(string word, string expected) => new($"rules line {_next}: '{word}' is not {expected}");

        private readonly RuleAction Action(string word) => word switch
        {
            "accept" => RuleAction.Accept,
            "flag" => RuleAction.Flag,
            "reject" => RuleAction.Reject,
            _ => throw FaultIn(word, "accept, flag or reject"),
        };
    }
}
