using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Grid.Domain.Identifiers;
using Grid.Storage.Journal;
using Grid.Testing;
using static Grid.Storage.Tests.Journal.JournalBuilder;

namespace Grid.Storage.Tests.Journal;

/// <summary>
/// Many lives of a journal on a disk that loses, tears and refuses. Whatever was flushed is read back identical and in
/// order; nothing is read that was not appended; no LSN means two things.
/// </summary>
public sealed class JournalSimulationTests
{
    private const int Lives = 8;

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Whatever_was_flushed_survives_and_nothing_is_invented(int firstSeed)
    {
        for (var seed = firstSeed; seed < firstSeed + 50; seed++)
        {
            new Simulation(seed).Run();
        }
    }

    [Fact]
    public void Any_script_of_appends_flushes_and_crashes_keeps_what_was_flushed()
    {
        var scripts = Gen.Choose(0, 6).ListOf().ToArbitrary();
        Prop.ForAll(scripts, script =>
        {
            var simulation = new Simulation(seed: script.Count);
            simulation.Play(script);
        }).QuickCheckThrowOnFailure();
    }

    public static TheoryData<int> Blocks() => [.. Enumerable.Range(0, 20).Select(i => i * 50)];

    private sealed record Appended(JournalFrameType Type, byte[] Payload, byte Flags, List<string>? Symbols, int SymbolCount);

    private sealed class Simulation
    {
        private readonly FaultyDisk _disk;
        private readonly Random _random;
        private readonly IJournalDirectory _journal;

        // What was appended in any life and may still be there, and up to where it must be.
        private readonly SortedDictionary<ulong, Appended> _appended = [];
        private ulong _promisedLsn;
        private ulong _deletedBefore = 1;

        private JournalWriter? _writer;
        private List<(JournalDictionary Dictionary, List<string> Symbols)> _dictionaries = [];
        private bool _faultIsPlanned;

        public Simulation(int seed)
        {
            _disk = new FaultyDisk(seed);
            _random = new Random(seed + 1_000_000);
            _journal = _disk.Root.Subdirectory(JournalFormat.FolderName);
        }

        public void Run()
        {
            try
            {
                for (var life = 0; life < Lives; life++)
                {
                    Live();
                    End(_random.Next(3) > 0);
                }

                Begin();
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"seed {_disk.Seed}: {failure.Message}", failure);
            }
        }

        /// <summary>Plays what FsCheck thought up and can make shorter: 0 to 2 append, 3 flushes, 4 grows a dictionary, 5 and 6 end a life.</summary>
        public void Play(IEnumerable<int> script)
        {
            Begin();
            foreach (var step in script)
            {
                switch (step)
                {
                    case 5 or 6:
                        End(crash: step == 5);
                        Begin();
                        break;
                    case 4:
                        GrowDictionary();
                        break;
                    case 3:
                        Flush();
                        break;
                    default:
                        Append();
                        break;
                }
            }

            End(crash: true);
            Begin();
        }

        private void Live()
        {
            PlanFault();
            try
            {
                Begin();
                for (var step = _random.Next(200); step > 0; step--)
                {
                    Step();
                }
            }
            catch (GridStorageException) when (_faultIsPlanned)
            {
                // The fault struck; the process ends here.
            }
        }

        private void PlanFault()
        {
            _faultIsPlanned = true;
            switch (_random.Next(6))
            {
                case 0 or 1:
                    _disk.FailPowerAfter(_random.Next(1, 60));
                    break;
                case 2:
                    _disk.FailFlush(_random.Next(1, 15));
                    break;
                case 3:
                    _disk.FailWrite(_random.Next(1, 30));
                    break;
                case 4:
                    _disk.BytesMax = _random.Next(400_000);
                    break;
                default:
                    _faultIsPlanned = false;
                    break;
            }
        }

        private void Begin()
        {
            _writer = Open(_journal, flushedLsnAtLeast: _random.Next(2) == 0 ? _promisedLsn : 0);
            _dictionaries = [];
            foreach (var lost in _appended.Keys.Where(lsn => lsn > _writer.LastLsn).ToList())
            {
                _appended.Remove(lost);
            }

            Assert.True(_writer.LastLsn >= _promisedLsn, $"LSN {_promisedLsn} was flushed, recovery ends at {_writer.LastLsn}");
            Check();
            _promisedLsn = _writer.LastLsn;
        }

        private void End(bool crash)
        {
            if (_writer is not null && !crash && _random.Next(2) == 0 && !_faultIsPlanned)
            {
                _writer.Close();
                _promisedLsn = _writer.FlushedLsn;
            }

            _promisedLsn = Math.Max(_promisedLsn, _writer?.FlushedLsn ?? 0);
            _writer?.Dispose();
            _writer = null;
            _disk.BytesMax = long.MaxValue;
            _faultIsPlanned = false;
            if (crash)
            {
                _disk.Crash();
            }
            else
            {
                _disk.Restart();
            }
        }

        private void Step()
        {
            switch (_random.Next(20))
            {
                case 0:
                    GrowDictionary();
                    break;
                case 1:
                    _deletedBefore = Math.Max(_deletedBefore, (ulong)_random.NextInt64((long)_writer!.FlushedLsn + 1));
                    _writer.DeleteSegmentsBefore(_deletedBefore);
                    break;
                case < 5:
                    Flush();
                    break;
                case 5:
                    _writer!.BeginFlush();
                    break;
                case 6:
                    _writer!.RunFlush();
                    break;
                case 7:
                    _writer!.EndFlush();
                    _promisedLsn = Math.Max(_promisedLsn, _writer.FlushedLsn);
                    break;
                default:
                    Append();
                    break;
            }
        }

        private void Append()
        {
            var payload = new byte[_random.Next(4) == 0 ? _random.Next(9000) : _random.Next(60)];
            _random.NextBytes(payload);
            var type = (JournalFrameType)_random.Next(2, 7);
            var flags = (byte)_random.Next(256);
            var cut = _random.Next(payload.Length + 1);
            var (dictionary, symbols) = _dictionaries.Count > 0 && _random.Next(2) == 0
                ? _dictionaries[_random.Next(_dictionaries.Count)]
                : (null, null);

            // A frame whose append failed is never whole on the disk: if it were read back, it would be invented.
            var frame = new Appended(type, payload, flags, symbols, symbols?.Count ?? 0);
            _appended.Add(_writer!.Append(type, dictionary, payload.AsSpan(0, cut), payload.AsSpan(cut), flags), frame);
        }

        private void Flush()
        {
            _writer!.Flush();
            Assert.Equal(_writer.LastLsn, _writer.FlushedLsn);
            _promisedLsn = _writer.FlushedLsn;
        }

        private void GrowDictionary()
        {
            if (_dictionaries.Count == 0 || _random.Next(3) == 0)
            {
                _dictionaries.Add((_writer!.NewDictionary(), []));
            }

            var (dictionary, symbols) = _dictionaries[_random.Next(_dictionaries.Count)];
            for (var i = _random.Next(1, 40); i > 0; i--)
            {
                var symbol = $"D{dictionary.Id}-{symbols.Count}";
                Assert.Equal(symbols.Count, dictionary.Add(NameKind.Instrument, Encoding.ASCII.GetBytes(symbol)));
                symbols.Add(symbol);
            }
        }

        private void Check()
        {
            var lastLsn = _writer!.LastLsn;
            using var reader = new JournalReader(_journal, 0, lastLsn == 0 ? ulong.MaxValue : lastLsn);
            var found = new List<ulong>();
            while (reader.TryRead(out var frame))
            {
                if (frame.Lsn < _deletedBefore)
                {
                    continue;
                }

                Assert.True(_appended.TryGetValue(frame.Lsn, out var expected), $"LSN {frame.Lsn} was never appended");
                found.Add(frame.Lsn);
                Assert.Equal((expected.Type, expected.Flags), (frame.Type, frame.Flags));
                Assert.True(frame.Payload.SequenceEqual(expected.Payload), $"LSN {frame.Lsn} has another payload");
                CheckNames(expected, frame.Names);
            }

            Assert.Equal(_appended.Keys.Where(lsn => lsn >= _deletedBefore), found);
        }

        private static void CheckNames(Appended expected, JournalNames? names)
        {
            Assert.Equal(expected.Symbols is null, names is null);
            if (names is not null)
            {
                Assert.Equal(expected.Symbols!.Take(expected.SymbolCount), Symbols(names));
            }
        }
    }
}
