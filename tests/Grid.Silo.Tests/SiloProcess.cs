using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Grid.Testing.Postgres;

namespace Grid.Silo.Tests;

/// <summary>The executable, run as a process of its own.</summary>
internal sealed class SiloProcess : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _errors = new();

    private SiloProcess(Process process)
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

    public int ExitCode => _process.ExitCode;

    public string Errors
    {
        get
        {
            lock (_errors)
            {
                return _errors.ToString().Trim();
            }
        }
    }

    /// <summary>Starts it with arguments.</summary>
    public static SiloProcess Start(params string[] args)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? Environment.ProcessPath : "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "grid-silo.dll"));
        foreach (var arg in args)
        {
            start.ArgumentList.Add(arg);
        }

        return new SiloProcess(Process.Start(start)!);
    }

    /// <summary>Starts a silo of a cluster and waits until it is one.</summary>
    public static async Task<SiloProcess> StartSiloAsync(PrivateDatabase database, string name, string folder)
    {
        var path = Path.Combine(folder, $"{name}.json");
        await File.WriteAllTextAsync(path, JsonSerializer.Serialize(new
        {
            Silo = new { Cluster = database.Name, SiloPort = PrivatePostgres.NextPort(), GatewayPort = PrivatePostgres.NextPort() },
            Commit = new { Silo = name },
        }));
        var silo = Start("--config", path, "--postgres", database.ConnectionStringOf("silo", "silo"));
        var line = await silo._process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        Assert.True(line?.StartsWith($"silo {name} 127.0.0.1:", StringComparison.Ordinal), $"the silo said '{line}': {silo.Errors}");
        return silo;
    }

    /// <summary>Ends it as nothing can keep it from: SIGKILL.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Asks for the end as a service manager does.</summary>
    public async Task TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
        await EndAsync();
    }

    public Task EndAsync() => _process.WaitForExitAsync(TestContext.Current.CancellationToken);

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }
}
