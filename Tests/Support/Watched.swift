import HTTPTransport

/// A value that changes in one place and is waited for in another, by a test that needn't look again and again.
public final class Watched<Value: Sendable>: Sendable {
    private struct Watcher {
        let isWanted: @Sendable (Value) -> Bool
        let end: AsyncStream<Void>.Continuation
    }

    private struct State {
        var value: Value
        var watchers: [Watcher] = []
    }

    private let state: Locked<State>

    /// Begins with a value.
    public init(_ value: Value) { state = Locked(State(value: value)) }

    /// Reads or changes the value while no one else does; who waits for what it is then goes on.
    public func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
        state.withLock { state in
            let result = body(&state.value)
            state.watchers.removeAll { watcher in
                guard watcher.isWanted(state.value) else { return false }
                watcher.end.finish()
                return true
            }
            return result
        }
    }

    /// Waits until the value is as it is wanted; a cancelled wait ends too.
    public func wait(until isWanted: @escaping @Sendable (Value) -> Bool) async {
        let (changes, end) = AsyncStream<Void>.makeStream()
        state.withLock { state in
            if isWanted(state.value) {
                end.finish()
            } else {
                state.watchers.append(Watcher(isWanted: isWanted, end: end))
            }
        }
        for await _ in changes {}
    }
}
