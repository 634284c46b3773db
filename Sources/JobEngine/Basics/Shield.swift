/// Runs a step that the cancellation of its caller interrupts only after a grace period.
///
/// It is for steps whose interruption would leave their fate unknown: most end within the grace period, and one that
/// hangs doesn't hold up the worker's stop.
///
/// - Throws: What the step throws; `CancellationError` if it was cut off.
func shielded<Value: Sendable>(
    grace: Duration = .seconds(10),
    _ step: sending @escaping () async throws -> Value
) async throws -> Value {
    // A task of its own is the one thing that a cancellation doesn't reach. It is awaited here, so nothing outlives
    // the caller but the timer, which does no more than cancel.
    let task = Task.immediate(executorPreference: executorOfTask()) { try await step() }
    return try await withTaskCancellationHandler {
        try await task.value
    } onCancel: {
        Task {
            try? await Task.sleep(for: grace)
            task.cancel()
        }
    }
}

/// What runs the current task, for a task of its own to be run there as a child would be; `nil` for Swift's pool.
func executorOfTask() -> (any TaskExecutor)? {
    // The reference is turned into one that is counted while the task is there.
    unsafe withUnsafeCurrentTask { unsafe $0?.unownedTaskExecutor?.asTaskExecutor() }
}
