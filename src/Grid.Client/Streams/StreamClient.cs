using System.Runtime.CompilerServices;
using System.Text.Json;
using Grid.Domain;

namespace Grid.Client.Streams;

/// <summary>
/// Subscribes to a grid. A lost connection is made again and goes on where it was: each tick comes once, unless the server
/// does not have it any more.
/// </summary>
public sealed class StreamClient
{
    // The names that a server takes in one request unless it is told otherwise.
    private const int FromMax = 10_000;

    private readonly StreamClientOptions _options;
    private readonly TimeProvider _time;

    /// <summary>A client of a server.</summary>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public StreamClient(StreamClientOptions? options = null, TimeProvider? time = null)
    {
        _options = options ?? new StreamClientOptions();
        _options.Validate();
        _time = time ?? TimeProvider.System;
    }

    /// <summary>A client of the server at an address.</summary>
    public StreamClient(Uri server)
        : this(new StreamClientOptions { Server = server })
    {
    }

    /// <summary>
    /// Updates until the caller stops asking: of each instrument what is known first, then what follows. Each call is a
    /// connection of its own.
    /// </summary>
    /// <exception cref="GridException">The server refuses, does not answer at first, or is gone for too long.</exception>
    public async IAsyncEnumerable<StreamUpdate> SubscribeAsync(StreamRequest request, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var session = new Session(request);
        var attempts = 0;
        while (true)
        {
            await using var connection = new Connection(session, _options, _time, cancel);
            while (await connection.NextAsync().ConfigureAwait(false) is { } update)
            {
                attempts = update.Kind == StreamUpdateKind.Connected ? attempts : 0;
                yield return update;
            }

            var reason = connection.Reason!;
            if (session.Run is null || !GridError.MayRetry(reason.Code) || (reason.Code == GridErrorCode.TooSlow && request.CloseIfSlow))
            {
                throw new GridException(reason.Code, reason.Message, reason);
            }

            if (attempts == _options.ReconnectAttemptsMax)
            {
                throw new GridException(
                    GridErrorCode.Unreachable, $"the connection to {_options.Server} was lost and {attempts} attempts to go on failed; the last: {reason.Message}", reason);
            }

            await Task.Delay(Backoff.After(attempts++, _options.BackoffMin, _options.BackoffMax), _time, cancel).ConfigureAwait(false);
        }
    }

    // What outlives a connection.
    private sealed class Session(StreamRequest request)
    {
        public StreamRequest Request => request;

        public StreamPositions Positions { get; } = new();

        public string? Run { get; set; }
    }

    // One connection as a series of updates; Reason says why it ended.
    private sealed class Connection(Session session, StreamClientOptions options, TimeProvider time, CancellationToken cancel) : IAsyncDisposable
    {
        private readonly Queue<StreamUpdate> _updates = new();
        private StreamLink? _link;
        private bool _isOtherRun;

        public GridException? Reason { get; private set; }

        public async ValueTask<StreamUpdate?> NextAsync()
        {
            try
            {
                if (Reason is not null)
                {
                    return Left();
                }

                _link ??= await StreamLink.OpenAsync(options, time, cancel).ConfigureAwait(false);
                while (_updates.Count == 0)
                {
                    using var message = await _link.ReceiveAsync(cancel).ConfigureAwait(false);
                    foreach (var item in message.RootElement.EnumerateArray())
                    {
                        await TakeAsync(item).ConfigureAwait(false);
                    }
                }

                return _updates.Dequeue();
            }
            catch (GridException e)
            {
                Reason = e;
            }
            catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException or FormatException or JsonException)
            {
                Reason = new GridException(GridErrorCode.Malformed, $"the server sent a message that is not understood: {e.Message}", e);
            }

            return Left();
        }

        // What came before the end.
        private StreamUpdate? Left() => _updates.TryDequeue(out var update) ? update : null;

        public ValueTask DisposeAsync()
        {
            _link?.Dispose();
            return ValueTask.CompletedTask;
        }

        private async ValueTask TakeAsync(JsonElement item)
        {
            var type = item.GetProperty("type").GetString()!;
            switch (type)
            {
                case "hello":
                    await SubscribeAsync(item).ConfigureAwait(false);
                    break;
                case "subscribed":
                    var reset = item.TryGetProperty("reset", out var symbols) ? symbols.EnumerateArray().Select(s => s.GetString()!).ToList() : [];
                    _updates.Enqueue(new StreamUpdate { Kind = StreamUpdateKind.Connected, IsOtherRun = _isOtherRun, Reset = reset });
                    break;
                case "flushed":
                    session.Positions.Flushed(item.GetProperty("frame").GetUInt64());
                    break;
                case "error":
                    throw StreamMessage.Refusal(item);
                default:
                    if (StreamMessage.Read(item, type) is { } update)
                    {
                        Note(update, item);
                        _updates.Enqueue(update);
                    }

                    break;
            }
        }

        private async ValueTask SubscribeAsync(JsonElement hello)
        {
            var run = hello.GetProperty("run").GetString();
            _isOtherRun = session.Run is not null && session.Run != run;
            if (_isOtherRun)
            {
                session.Positions.TakeBack();
            }

            session.Run = run;
            session.Positions.Flushed(hello.GetProperty("flushed").GetUInt64());
            await _link!.SendAsync(StreamMessage.Subscribe(session.Request, session.Positions.Seen().Take(FromMax)), cancel).ConfigureAwait(false);
        }

        // Bars tell no tick and CUSIPs have versions of their own.
        private void Note(StreamUpdate update, JsonElement item)
        {
            if (update.Kind is not (StreamUpdateKind.Bar or StreamUpdateKind.Market))
            {
                session.Positions.Note(update.Instrument, update.Version, item.GetProperty("frame").GetUInt64());
            }
        }
    }
}
