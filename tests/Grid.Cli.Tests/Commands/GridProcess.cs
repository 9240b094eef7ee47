using System.Diagnostics;
using System.Text;

namespace Grid.Cli.Tests.Commands;

/// <summary>The executable, run as a process of its own with what it prints.</summary>
internal sealed class GridProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly StringBuilder _errors = new();

    private GridProcess(Process process)
    {
        _process = process;
        process.ErrorDataReceived += (_, line) =>
        {
            lock (_errors)
            {
                _errors.AppendLine(line.Data);
            }
        };
        process.BeginErrorReadLine();
    }

    public StreamWriter Input => _process.StandardInput;

    public static GridProcess Start(params string[] args) => Start([], args);

    public static GridProcess Start(Dictionary<string, string> environment, params string[] args)
    {
        var start = new ProcessStartInfo(DotnetPath())
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "grid.dll"));
        foreach (var arg in args)
        {
            start.ArgumentList.Add(arg);
        }

        // Servers of several tests run at once.
        if (args[0] == "serve" && !args.Contains("--ilp"))
        {
            start.ArgumentList.Add("--ilp");
            start.ArgumentList.Add("127.0.0.1:0");
        }

        start.Environment.Remove("GRID_HTTP");
        start.Environment.Remove("GRID_KEY");
        start.Environment.Remove("GRID_POSTGRES");
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new GridProcess(Process.Start(start)!);
    }

    /// <summary>Runs a command to its end.</summary>
    public static async Task<GridResult> RunAsync(params string[] args)
    {
        using var grid = Start(args);
        grid.Input.Close();
        return await grid.EndAsync();
    }

    /// <summary>The rest of what an option's line says, once the process has printed it; other lines before it are passed over.</summary>
    public async Task<string> ReadLineAsync(string prefix)
    {
        using var patience = new CancellationTokenSource(Patience);
        var outcome = "ended";
        try
        {
            while (await _process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
            {
                if (line.StartsWith(prefix, StringComparison.Ordinal))
                {
                    return line[prefix.Length..];
                }
            }
        }
        catch (OperationCanceledException)
        {
            outcome = $"went on for {Patience.TotalSeconds} s";
        }

        Assert.Fail($"the process {outcome} without printing '{prefix}': {_errors}");
        return string.Empty;
    }

    /// <summary>Waits for the end.</summary>
    public async Task<GridResult> EndAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        var output = await _process.StandardOutput.ReadToEndAsync(patience.Token);
        await _process.WaitForExitAsync(patience.Token);
        return new GridResult(_process.ExitCode, output, _errors.ToString().Trim());
    }

    /// <summary>Asks for the end as a service manager does.</summary>
    public async Task<GridResult> TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
        return await EndAsync();
    }

    /// <summary>Ends it as a crash does.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private static string DotnetPath() =>
        Environment.GetEnvironmentVariable("DOTNET_HOST_PATH")
        ?? (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet");
}

/// <summary>How a process ended.</summary>
internal sealed record GridResult(int ExitCode, string Output, string Errors);
