/// Waits for work that may ignore its cancellation, and leaves it to itself when its time is over.
///
/// A child task can't be left: whoever has it waits for its end. So the work has a task of its own, which a cancellation
/// of the caller doesn't reach, and which is cancelled here.
///
/// - Parameters:
///   - work: The work.
///   - limit: Returns when the time is over; it is cancelled when the work ends before.
///   - grace: How long cancelled work is waited for.
/// - Returns: What the work returned; `nil` if it goes on without its caller.
func leaving<Value: Sendable>(
    _ work: @escaping @Sendable () async -> Value,
    after limit: @escaping @Sendable () async -> Void,
    grace: Duration = .seconds(1)
) async -> Value? {
    let (ends, end) = AsyncStream<Value?>.makeStream()
    let executor = executorOfTask()
    let task = Task(executorPreference: executor) { _ = end.yield(await work()) }
    let timer = Task(executorPreference: executor) {
        await limit()
        task.cancel()
        try? await Task.sleep(for: grace)
        end.yield(nil)
    }
    defer { timer.cancel() }
    // A stream is also ended by the cancellation of who waits for it.
    return await Task(executorPreference: executor) { await ends.first { _ in true } ?? nil }.value
}
