import HTTPTransport

/// What many hand over to one who takes it, in order.
///
/// It is what an `AsyncStream` would be, at a fraction of its cost: it looks up its types anew for each piece.
final class Inbox<Piece: Sendable>: Sendable {
    private struct State {
        var pieces: [Piece] = []
        var isClosed = false
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let state = Locked(State())

    /// Hands a piece over; `false` if nobody takes it any more.
    @discardableResult
    func put(_ piece: Piece) -> Bool {
        change { state in
            guard !state.isClosed else { return false }
            state.pieces.append(piece)
            return true
        }
    }

    /// Takes nothing more over; what is there may still be taken.
    func close() {
        change { $0.isClosed = true }
    }

    /// Waits for pieces, and takes all; `nil` once there is none and the inbox is closed.
    ///
    /// The cancellation of the task closes it.
    func next() async -> [Piece]? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isThere = state.withLock { state in
                    guard state.pieces.isEmpty, !state.isClosed else { return true }
                    state.waiting = continuation
                    return false
                }
                if isThere { continuation.resume() }
            }
        } onCancel: {
            close()
        }
        return state.withLock { state in
            guard !state.pieces.isEmpty else { return nil }
            defer { state.pieces = [] }
            return state.pieces
        }
    }

    private func change<Value>(_ body: (inout State) -> Value) -> Value {
        let (value, waiting) = state.withLock { state in
            let value = body(&state)
            defer { state.waiting = nil }
            return (value, state.waiting)
        }
        waiting?.resume()
        return value
    }
}
