using System.Runtime.CompilerServices;
using Grid.Domain.Identifiers;

namespace Grid.Domain.Instruments;

/// <summary>
/// Session dates and hours of a market. Every moment has one date: a date begins at local midnight, or, if its session opens
/// on the evening before, at that opening; so what is printed between a close and midnight belongs to the date that closed.
/// Holidays have no session. Everything is in whole minutes, so that no minute has trades of two dates.
/// </summary>
/// <remarks>
/// Pure: the time zone comes from outside as a list of offsets. Local times that a clock change leaves out stand for the
/// first moment after it, those that it repeats for the first of the two. Any thread may ask.
/// </remarks>
public sealed class SessionCalendar
{
    internal const string NoName = "-";
    private const int EpochDayNumber = 719_162;
    private const int DaysCached = 64;

    // Days are immutable, so threads may share and overwrite the cached ones without a lock. `_recent` is nearly always the
    // day asked for; `_days[date & 63]` serves readers of several days at once.
    private readonly Day?[] _days = new Day?[DaysCached];
    private readonly ZoneOffset[] _offsets;
    private readonly SessionHours?[] _hours = new SessionHours?[7];
    private readonly HashSet<DateOnly> _holidays;
    private Day _recent = new(DateOnly.MinValue, 0, 0, 0, 0);

    /// <summary>A calendar.</summary>
    /// <param name="name">Its name, see <see cref="NameRules"/>.</param>
    /// <param name="offsets">The zone's offsets, ascending; none for UTC.</param>
    /// <param name="hours">At most one session for each weekday; none at all for a market that is always open.</param>
    /// <param name="holidays">Local dates without a session.</param>
    /// <exception cref="ArgumentException">A part breaks its rule; the message names the calendar, the value and the rule.</exception>
    public SessionCalendar(string name, IEnumerable<ZoneOffset> offsets, IEnumerable<SessionHours> hours, IEnumerable<DateOnly> holidays)
    {
        if (!NameRules.IsValid(System.Text.Encoding.UTF8.GetBytes(name)) || name == NoName)
        {
            throw new ArgumentException(name == NoName ? $"calendar name: '{NoName}' stands for no calendar" : $"calendar name: {NameRules.Explain(name)}");
        }

        Name = name;
        _offsets = [.. offsets];
        _offsets = _offsets.Length > 0 ? _offsets : [new ZoneOffset(new UnixNanos(long.MinValue), 0)];
        _holidays = [.. holidays];
        foreach (var session in hours)
        {
            if (_hours[(int)session.Day] is not null)
            {
                throw new ArgumentException($"calendar '{name}' has two sessions on {session.Day}; at most one is allowed");
            }

            _hours[(int)session.Day] = session;
        }

        IsAlwaysOpen = Array.TrueForAll(_hours, h => h is null);
        CheckOffsets();
        CheckHours();
    }

    /// <summary>UTC dates, always open.</summary>
    public static SessionCalendar Utc { get; } = new("utc", [], [], []);

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>True if it has no hours: open on every date but holidays.</summary>
    public bool IsAlwaysOpen { get; }

    /// <summary>The zone's offsets, ascending, at least one.</summary>
    public IReadOnlyList<ZoneOffset> Offsets => _offsets;

    /// <summary>The sessions, Sunday first.</summary>
    public IEnumerable<SessionHours> Hours => _hours.Where(h => h is not null).Select(h => h!.Value);

    /// <summary>The holidays, ascending.</summary>
    public IEnumerable<DateOnly> Holidays => _holidays.Order();

    /// <summary>The session date of a moment as yyyymmdd.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint DateOf(UnixNanos time)
    {
        var day = _recent;
        return (day.Holds(time) ? day : FindDay(time)).Date;
    }

    /// <summary>True if a moment is within the hours of its date's session.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsOpen(UnixNanos time)
    {
        var day = _recent;
        return (day.Holds(time) ? day : FindDay(time)).IsOpenAt(time);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private Day FindDay(UnixNanos time)
    {
        var local = (Int128)time.Value + ((Int128)OffsetAt(time) * UnixNanos.PerSecond);
        var dayNumber = (int)FloorDivide(local, UnixNanos.PerDay);
        ref var cached = ref _days[dayNumber & (DaysCached - 1)];
        var day = cached;
        if (day is null || !day.Holds(time))
        {
            day = MakeDay(time, DateOnly.FromDayNumber(EpochDayNumber + dayNumber));
            cached = day;
        }

        _recent = day;
        return day;
    }

    // A session that opens the evening before, and clocks that were changed, move a moment at most to a neighbouring date.
    private Day MakeDay(UnixNanos time, DateOnly date)
    {
        while (StartOf(date) > time.Value)
        {
            date = date.AddDays(-1);
        }

        while (StartOf(date.AddDays(1)) <= time.Value)
        {
            date = date.AddDays(1);
        }

        var start = StartOf(date);
        var end = StartOf(date.AddDays(1));
        if (IsAlwaysOpen && !_holidays.Contains(date))
        {
            return new Day(date, start, end, start, end);
        }

        if (SessionOn(date) is not { } session)
        {
            return new Day(date, start, end, start, start);
        }

        var close = ToUtc(date, session.Close);
        return new Day(date, start, end, session.OpensTheEveningBefore ? start : ToUtc(date, session.Open), close);
    }

    private Int128 StartOf(DateOnly date) => SessionOn(date) is { OpensTheEveningBefore: true } session
        ? ToUtc(date.AddDays(-1), session.Open)
        : ToUtc(date, TimeSpan.Zero);

    private SessionHours? SessionOn(DateOnly date) => _holidays.Contains(date) ? null : _hours[(int)date.DayOfWeek];

    // The first moment at which the zone's clocks show the given local time, or more.
    private Int128 ToUtc(DateOnly date, TimeSpan timeOfDay)
    {
        var local = ((Int128)(date.DayNumber - EpochDayNumber) * UnixNanos.PerDay) + ((Int128)timeOfDay.Ticks * 100);
        for (var i = 0; ; i++)
        {
            var utc = local - ((Int128)_offsets[i].OffsetSeconds * UnixNanos.PerSecond);
            if (i > 0)
            {
                utc = Int128.Max(utc, _offsets[i].From.Value);
            }

            if (i == _offsets.Length - 1 || utc < _offsets[i + 1].From.Value)
            {
                return utc;
            }
        }
    }

    private int OffsetAt(UnixNanos time)
    {
        var at = _offsets.Length - 1;
        while (at > 0 && _offsets[at].From > time)
        {
            at--;
        }

        return _offsets[at].OffsetSeconds;
    }

    private void CheckOffsets()
    {
        for (var i = 0; i < _offsets.Length; i++)
        {
            if (Math.Abs(_offsets[i].OffsetSeconds) > ZoneOffset.OffsetSecondsMax)
            {
                throw new ArgumentException(
                    $"calendar '{Name}' has an offset of {_offsets[i].OffsetSeconds} s; it must be at most {ZoneOffset.OffsetSecondsMax} s either way");
            }

            if (_offsets[i].OffsetSeconds % 60 != 0)
            {
                throw new ArgumentException($"calendar '{Name}' has an offset of {_offsets[i].OffsetSeconds} s; it must be whole minutes");
            }

            if (i > 0 && _offsets[i].From.Value % UnixNanos.PerMinute != 0)
            {
                throw new ArgumentException($"calendar '{Name}' has an offset from {_offsets[i].From}; it must begin with a whole minute");
            }

            if (i > 0 && _offsets[i].From <= _offsets[i - 1].From)
            {
                throw new ArgumentException($"calendar '{Name}' has an offset from {_offsets[i].From} after one from {_offsets[i - 1].From}; they must ascend");
            }
        }
    }

    private void CheckHours()
    {
        foreach (var session in Hours)
        {
            if (session.Open < TimeSpan.Zero || session.Open >= TimeSpan.FromDays(1) || session.Close <= TimeSpan.Zero || session.Close > TimeSpan.FromDays(1))
            {
                throw new ArgumentException(
                    $"calendar '{Name}' is open on {session.Day} from {session.Open} to {session.Close}; the open must be 0 to under 24 hours, the close over 0 to 24 hours");
            }

            if (session.Open.Ticks % TimeSpan.TicksPerMinute != 0 || session.Close.Ticks % TimeSpan.TicksPerMinute != 0)
            {
                throw new ArgumentException($"calendar '{Name}' is open on {session.Day} from {session.Open} to {session.Close}; both must be whole minutes");
            }

            var before = _hours[((int)session.Day + 6) % 7];
            if (session.OpensTheEveningBefore && before is { } other && other.Close > session.Open)
            {
                throw new ArgumentException(
                    $"calendar '{Name}' opens for {session.Day} at {session.Open} on the evening before, but is open for {other.Day} until {other.Close}; sessions must not overlap");
            }
        }
    }

    private static Int128 FloorDivide(Int128 value, long divisor)
    {
        var (quotient, rest) = Int128.DivRem(value, divisor);
        return rest < 0 ? quotient - 1 : quotient;
    }

    // Spans are held as a start and a length, so that one unsigned comparison tells whether a moment lies inside.
    private sealed class Day
    {
        private readonly long _start;
        private readonly ulong _length;
        private readonly long _open;
        private readonly ulong _openLength;

        public Day(DateOnly date, Int128 start, Int128 end, Int128 open, Int128 close)
        {
            Date = (uint)((date.Year * 10_000) + (date.Month * 100) + date.Day);
            (_start, _length) = Span(start, end);
            (_open, _openLength) = Span(open, close);
        }

        public uint Date { get; }

        public bool Holds(UnixNanos time) => (ulong)(time.Value - _start) < _length;

        public bool IsOpenAt(UnixNanos time) => (ulong)(time.Value - _open) < _openLength;

        // Only the part that 64 bits can tell; an end may lie one beyond them.
        private static (long Start, ulong Length) Span(Int128 start, Int128 end)
        {
            var first = Int128.Max(start, long.MinValue);
            var last = Int128.Min(end, (Int128)long.MaxValue + 1);
            return last <= first ? (0, 0) : ((long)first, (ulong)(last - first));
        }
    }
}
