using Grid.Silo.Hosting;
using Microsoft.Extensions.Logging;

namespace Grid.Silo.Grains;

/// <summary>
/// Makes calls to other grains again whose answer did not come, or was that the grain has given up: its silo may have died, and
/// the next activation knows what is committed. Bounded, with waits that double, and logged.
/// </summary>
internal sealed partial class Attempts(GridSiloOptions options, TimeProvider time, ILogger log)
{
    /// <summary>Calls until an answer is final.</summary>
    /// <param name="what">What is tried, for the log.</param>
    /// <param name="call">One attempt; gives null, with the reason, if it is to be made again.</param>
    /// <exception cref="GridAttemptsException">All attempts failed.</exception>
    public async Task<T> RunAsync<T>(string what, Func<Task<(T? Answer, string? Why)>> call)
        where T : class
    {
        var wait = options.SliceRetryDelay;
        for (var attempt = 1; ; attempt++)
        {
            string? why;
            try
            {
                (var answer, why) = await call();
                if (answer is not null)
                {
                    return answer;
                }
            }
            catch (Exception e)
            {
                why = e.Message;
            }

            if (attempt == options.SliceAttemptsMax)
            {
                throw new GridAttemptsException($"{what} failed in {attempt} attempts: {why}");
            }

            LogAgain(what, attempt, wait, why);
            await Task.Delay(wait, time);
            wait = wait * 2 > options.SliceRetryDelayMax ? options.SliceRetryDelayMax : wait * 2;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{What}: attempt {Attempt} failed, next in {Wait}: {Why}")]
    private partial void LogAgain(string what, int attempt, TimeSpan wait, string? why);
}

/// <summary>Attempts that all failed.</summary>
internal sealed class GridAttemptsException(string message) : Exception(message);
