using System.Reflection;
using Grid.Runtime;

namespace Grid.Gateway.Tests.Streams;

/// <summary>A grid that counts the subscriptions which nobody has disposed of; all else goes to another grid.</summary>
public class CountedGrid : DispatchProxy
{
    private readonly Lock _gate = new();
    private IGrid _grid = null!;
    private int _open;
    private TaskCompletionSource? _none;

    /// <summary>Subscriptions that are open.</summary>
    public int Open
    {
        get
        {
            lock (_gate)
            {
                return _open;
            }
        }
    }

    public static (IGrid Grid, CountedGrid Counted) Over(IGrid grid)
    {
        var proxy = Create<IGrid, CountedGrid>();
        var counted = (CountedGrid)(object)proxy;
        counted._grid = grid;
        return (proxy, counted);
    }

    /// <summary>Completes when there is none.</summary>
    public Task NoneAsync()
    {
        lock (_gate)
        {
            _none ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_open == 0)
            {
                _none.TrySetResult();
            }

            return _none.Task;
        }
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var result = targetMethod!.Invoke(_grid, BindingFlags.DoNotWrapExceptions, binder: null, args, culture: null);
        return result is IGridSubscription subscription ? new Counted(this, subscription) : result;
    }

    private void Add(int change)
    {
        lock (_gate)
        {
            _open += change;
            if (_open == 0)
            {
                _none?.TrySetResult();
            }
        }
    }

    private sealed class Counted : IGridSubscription
    {
        private readonly CountedGrid _owner;
        private readonly IGridSubscription _inner;
        private int _isDisposed;

        public Counted(CountedGrid owner, IGridSubscription inner)
        {
            _owner = owner;
            _inner = inner;
            owner.Add(1);
        }

        public SubscriptionAnswer Answer => _inner.Answer;

        public bool Read(ISubscriptionSink sink) => _inner.Read(sink);

        public void Dispose()
        {
            _inner.Dispose();
            if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
            {
                _owner.Add(-1);
            }
        }
    }
}
