using System.Globalization;
using System.Text;
using Grid.Domain.Identifiers;

namespace Grid.Storage.Postgres.Committing;

/// <summary>Options of a silo's committer, beside those of its database. <see cref="Validate"/> names every one that is out of its range.</summary>
public sealed class GroupCommitOptions
{
    /// <summary>Name of the silo, the same through its restarts and no other's; 1 to 64 printable ASCII characters. Required.</summary>
    public string Silo { get; set; } = string.Empty;

    /// <summary>Fewest rows that a commit is limited to when commits are slow; 100 to 1 million, 2,000 by default.</summary>
    public int CommitRowsMin { get; set; } = 2_000;

    /// <summary>Most rows that a commit takes when commits are quick; 100 to 1 million, 200,000 by default. A row takes about 250 bytes of memory.</summary>
    public int CommitRowsMax { get; set; } = 200_000;

    /// <summary>What a commit may take before the next ones are made smaller; 1 ms to 1 minute, 250 ms by default.</summary>
    public TimeSpan CommitTarget { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Rows that wait or are being committed before others must wait for room; 10,000 to 10 million, 500,000 by default.</summary>
    public int QueueRowsMax { get; set; } = 500_000;

    /// <summary>Grains that are claimed and loaded together at most; 1 to 10,000, 500 by default.</summary>
    public int ClaimGrainsMax { get; set; } = 500;

    /// <summary>Checks every value.</summary>
    /// <exception cref="ArgumentException">One line for each that is wrong: its name, its value and the rule.</exception>
    public void Validate()
    {
        var faults = new List<string>();
        if (!NameRules.IsValid(Encoding.UTF8.GetBytes(Silo)))
        {
            faults.Add($"Option Commit:{nameof(Silo)}: {NameRules.Explain(Silo)}.");
        }

        CheckRange(nameof(CommitRowsMin), CommitRowsMin, 100, 1_000_000);
        CheckRange(nameof(CommitRowsMax), CommitRowsMax, 100, 1_000_000);
        if (CommitRowsMin > CommitRowsMax)
        {
            faults.Add($"Option Commit:{nameof(CommitRowsMin)} is {CommitRowsMin}; it must be at most {nameof(CommitRowsMax)}, {CommitRowsMax}.");
        }

        CheckRange(nameof(CommitTarget), CommitTarget, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1));
        CheckRange(nameof(QueueRowsMax), QueueRowsMax, 10_000, 10_000_000);
        CheckRange(nameof(ClaimGrainsMax), ClaimGrainsMax, 1, 10_000);
        if (faults.Count > 0)
        {
            throw new ArgumentException(string.Join('\n', faults));
        }

        void CheckRange<T>(string option, T value, T lowest, T highest)
            where T : IComparable<T>, IFormattable
        {
            if (value.CompareTo(lowest) < 0 || value.CompareTo(highest) > 0)
            {
                faults.Add(string.Create(CultureInfo.InvariantCulture, $"Option Commit:{option} is {value}; it must be {lowest} to {highest}."));
            }
        }
    }
}
