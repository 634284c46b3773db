/// Lets one task at a time through for each key.
actor ExclusiveAccess {
    private var queues: [String: [CheckedContinuation<Void, Never>]] = [:]

    /// Runs `body` while no other task runs one for the same key.
    nonisolated func with<Value: Sendable>(_ key: String, _ body: () async throws -> Value) async throws -> Value {
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

    /// Whether a task runs for a key.
    func isBusy(_ key: String) -> Bool { queues[key] != nil }

    private func enter(_ key: String) async {
        if queues[key] == nil {
            queues[key] = []
        } else {
            await withCheckedContinuation { queues[key]?.append($0) }
        }
    }

    private func leave(_ key: String) {
        if queues[key]?.isEmpty == false {
            // The next in line takes over without the key becoming free in between.
            queues[key]?.removeFirst().resume()
        } else {
            queues[key] = nil
        }
    }
}
