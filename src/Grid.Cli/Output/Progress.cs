using Spectre.Console;

namespace Grid.Cli.Output;

/// <summary>Shows how far a task has come, on a terminal only.</summary>
internal static class Progress
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(200);

    /// <summary>Waits for a task and shows a text that changes meanwhile.</summary>
    public static async Task ShowAsync(Func<string> text, Task task)
    {
        if (Console.IsErrorRedirected)
        {
            await task;
            return;
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        await console.Status().StartAsync(Markup.Escape(text()), async status =>
        {
            using var timer = new PeriodicTimer(Period);
            var tick = timer.WaitForNextTickAsync().AsTask();
            while (await Task.WhenAny(task, tick) != task)
            {
                status.Status = Markup.Escape(text());
                tick = timer.WaitForNextTickAsync().AsTask();
            }
        });
        await task;
    }
}
