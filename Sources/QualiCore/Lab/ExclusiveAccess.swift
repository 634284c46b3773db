/// Lets one task at a time start a command, while the next in line gets ready.
actor ExclusiveAccess {
    private struct Turn: Hashable {
        let place: ExecutionWatcher.Place
        let isStart: Bool
    }

    private var queues: [Turn: ArraySlice<CheckedContinuation<Void, Never>>] = [:]

    /// Runs `body` while no other task runs one for the same command.
    ///
    /// `prepare` is run before, while no other task runs one for the same command, though another may be starting it.
    nonisolated func with<Value: Sendable>(
        _ place: ExecutionWatcher.Place,
        after prepare: () async -> Void,
        _ body: () async throws -> Value
    ) async throws -> Value {
        let (preparation, start) = (Turn(place: place, isStart: false), Turn(place: place, isStart: true))
        await enter(preparation)
        if !Task.isCancelled { await prepare() }
        await enter(start)
        await leave(preparation)
        do {
            try Task.checkCancellation()
            let value = try await body()
            await leave(start)
            return value
        } catch {
            await leave(start)
            throw error
        }
    }

    /// Whether a task starts a command.
    func isBusy(_ place: ExecutionWatcher.Place) -> Bool { queues[Turn(place: place, isStart: true)] != nil }

    private func enter(_ turn: Turn) async {
        if queues[turn] == nil {
            queues[turn] = []
        } else {
            await withCheckedContinuation { queues[turn]?.append($0) }
        }
    }

    private func leave(_ turn: Turn) {
        if let next = queues[turn]?.popFirst() {
            // It takes over without the command becoming free in between.
            next.resume()
        } else {
            queues[turn] = nil
        }
    }
}
