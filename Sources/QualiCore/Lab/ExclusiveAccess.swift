/// Lets one task at a time start a command.
actor ExclusiveAccess {
    private var queues: [ExecutionWatcher.Place: [CheckedContinuation<Void, Never>]] = [:]

    /// Runs `body` while no other task runs one for the same command.
    nonisolated func with<Value: Sendable>(
        _ key: ExecutionWatcher.Place,
        _ body: () async throws -> Value
    ) async throws -> Value {
        await enter(key)
        do {
            try Task.checkCancellation()
            let value = try await body()
            await leave(key)
            return value
        } catch {
            await leave(key)
            throw error
        }
    }

    /// Whether a task starts a command.
    func isBusy(_ key: ExecutionWatcher.Place) -> Bool { queues[key] != nil }

    private func enter(_ key: ExecutionWatcher.Place) async {
        if queues[key] == nil {
            queues[key] = []
        } else {
            await withCheckedContinuation { queues[key]?.append($0) }
        }
    }

    private func leave(_ key: ExecutionWatcher.Place) {
        if queues[key]?.isEmpty == false {
            // The next in line takes over without the key becoming free in between.
            queues[key]?.removeFirst().resume()
        } else {
            queues[key] = nil
        }
    }
}
