/// Something took longer than it may.
package struct DeadlineExceeded: Error {}

/// Does something, and cancels it when it takes too long.
///
/// - Throws: What the body throws, or ``DeadlineExceeded``.
package func withDeadline<Result: Sendable>(
    _ limit: Duration,
    _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: limit)
            throw DeadlineExceeded()
        }
        defer { group.cancelAll() }
        guard let first = try await group.next() else { throw CancellationError() }
        return first
    }
}
