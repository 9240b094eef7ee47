using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Threading.Channels;

namespace Grid.Cli.Bench;

/// <summary>Another process of this program: the server, or a part of a benchmark. It is ended when this is disposed.</summary>
internal sealed partial class BenchProcess : IAsyncDisposable
{
    private const int Terminate = 15;
    private static readonly TimeSpan EndsWithin = TimeSpan.FromMinutes(5);

    private readonly Process _process;
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly List<string> _errors = [];
    private readonly Task _reading;
    private readonly string _name;

    private BenchProcess(Process process, string name)
    {
        _process = process;
        _name = name;
        _reading = Task.WhenAll(ReadLinesAsync(), ReadErrorsAsync());
    }

    /// <summary>What it has used so far, as of the last time that it was asked while it ran.</summary>
    public ProcessUsage Usage { get; private set; } = ProcessUsage.None;

    /// <summary>Starts this program with other arguments.</summary>
    /// <param name="name">For messages.</param>
    /// <param name="arguments">As on the command line.</param>
    /// <param name="environment">Variables to add.</param>
    /// <exception cref="CommandFailure">It does not start.</exception>
    public static BenchProcess Start(string name, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(Assembly.GetEntryAssembly()!.Location);
        }

        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (variable, value) in environment)
        {
            start.Environment[variable] = value;
        }

        return new BenchProcess(Process.Start(start) ?? throw new CommandFailure($"{name} does not start"), name);
    }

    /// <summary>Starts a part of a benchmark in a process of its own; see <see cref="BenchPart"/>.</summary>
    public static BenchProcess StartPart<T>(BenchPart part, T options, params (string Name, string Value)[] environment) => Start(
        part.ToString(), ["bench", "part", part.ToString(), JsonSerializer.Serialize(options, BenchReport.Json)], environment);

    /// <summary>Asks what it uses now; if it has ended, what it used when it was last asked.</summary>
    public ProcessUsage Measure()
    {
        try
        {
            Usage = ProcessUsage.Of(_process);
        }
        catch (InvalidOperationException)
        {
            // It has ended.
        }

        return Usage;
    }

    /// <summary>The next line that it prints.</summary>
    /// <exception cref="CommandFailure">It ended before.</exception>
    public async Task<string> ReadLineAsync(CancellationToken cancel)
    {
        try
        {
            return await _lines.Reader.ReadAsync(cancel);
        }
        catch (ChannelClosedException closed)
        {
            await _process.WaitForExitAsync(cancel);
            await _reading;
            throw new CommandFailure($"{_name} ended with code {_process.ExitCode}: {(_errors.Count == 0 ? "no reason given" : _errors[^1])}", closed);
        }
    }

    /// <summary>The next line that it prints, as an object.</summary>
    /// <exception cref="CommandFailure">It ended before, or the line is something else.</exception>
    public async Task<T> ReadAsync<T>(CancellationToken cancel)
    {
        var line = await ReadLineAsync(cancel);
        try
        {
            return JsonSerializer.Deserialize<T>(line, BenchReport.Json)!;
        }
        catch (JsonException e)
        {
            throw new CommandFailure($"{_name} says '{line}', which is not a {typeof(T).Name}", e);
        }
    }

    /// <summary>Asks it to end, as SIGTERM does, and waits until it has.</summary>
    /// <exception cref="CommandFailure">It does not end, or ends with an error.</exception>
    public async Task StopAsync(CancellationToken cancel)
    {
        Measure();
        if (!OperatingSystem.IsWindows())
        {
            _ = Kill(_process.Id, Terminate);
        }
        else
        {
            _process.Kill();
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(EndsWithin);
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException late) when (!cancel.IsCancellationRequested)
        {
            throw new CommandFailure($"{_name} did not end within {EndsWithin.TotalMinutes} minutes of being asked to", late);
        }

        await _reading;
        if (_process.ExitCode != 0 && !OperatingSystem.IsWindows())
        {
            throw new CommandFailure($"{_name} ended with code {_process.ExitCode}: {_errors.LastOrDefault()}");
        }
    }

    /// <summary>Ends it at once, as a crash does.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync();
        await _reading;
        _process.Dispose();
    }

    private async Task ReadLinesAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            _lines.Writer.TryWrite(line);
        }

        _lines.Writer.Complete();
    }

    private async Task ReadErrorsAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
        {
            _errors.Add(line);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int process, int signal);
}
