#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// Runs work whose length is decided by bytes from outside, on threads of its own: a few pieces at a time, the others in
/// the order in which they came.
///
/// Swift's pool has one thread per core, and whatever waits behind long work there, such as a poll, waits for all of it.
/// A thread ends when nothing is left to do.
package final class HeavyWork: Sendable {
    /// A piece of work has used up its time on a processor.
    package struct TookTooLong: Error {}

    /// What a piece of work asks now and then whether it may go on.
    package struct Effort: Sendable {
        fileprivate let isCancelled: Locked<Bool>
        fileprivate let end: Duration

        /// Returns where the work may go on.
        ///
        /// - Throws: `CancellationError` when the task is cancelled, ``TookTooLong`` when the work's time is used up.
        package func check() throws {
            if isCancelled.withLock({ $0 }) { throw CancellationError() }
            if HeavyWork.threadTime > end { throw TookTooLong() }
        }
    }

    private struct Piece: Sendable {
        let run: @Sendable () -> Void
        let giveUp: @Sendable () -> Void
    }

    private struct State {
        var threads = 0
        var waiting: [Int: Piece] = [:]
        /// Who waits, in their order, and some who do no more.
        var order: ArraySlice<Int> = []
        var last = 0
    }

    /// More bytes than these are worth a thread of their own.
    package static let threshold = 64 << 10

    private static let staysWithCaller = Locked(false)

    private let width: Int
    private let state = Locked(State())

    /// - Parameter threads: How many pieces of work are done at a time.
    package init(threads: Int) {
        width = threads
    }

    /// Has all work of the process done by those who want it, for a simulation that knows one thread.
    package static func stayWithCaller() {
        staysWithCaller.withLock { $0 = true }
    }

    /// Does a piece of work when its turn has come.
    ///
    /// - Parameters:
    ///   - limit: The time on a processor after which ``Effort/check()`` throws.
    ///   - work: The work.
    /// - Returns: What the work returns.
    /// - Throws: What the work throws; `CancellationError` at once when the task is cancelled before the work's turn.
    package func run<Value: Sendable>(
        limit: Duration = .seconds(60),
        _ work: @escaping @Sendable (Effort) throws -> Value
    ) async throws -> Value {
        let isCancelled = Locked(false)
        let timed: @Sendable () throws -> Value = {
            let effort = Effort(isCancelled: isCancelled, end: Self.threadTime + limit)
            try effort.check()
            return try work(effort)
        }
        if Self.staysWithCaller.withLock({ $0 }) { return try timed() }
        let number = state.withLock { state in
            state.last += 1
            return state.last
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let piece = Piece(
                    run: { continuation.resume(with: Result { try timed() }) },
                    giveUp: { continuation.resume(throwing: CancellationError()) }
                )
                submit(piece, number, isCancelled)
            }
        } onCancel: {
            isCancelled.withLock { $0 = true }
            state.withLock { $0.waiting.removeValue(forKey: number) }?.giveUp()
        }
    }

    /// Does work at once where it is short by its size, else as ``run(limit:_:)`` does.
    ///
    /// `size` is how many bytes the work is about.
    package func run<Value: Sendable>(size: Int, _ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        size <= Self.threshold ? try work() : try await run { _ in try work() }
    }

    private func submit(_ piece: Piece, _ number: Int, _ isCancelled: Locked<Bool>) {
        let needsThread = state.withLock { state in
            state.waiting[number] = piece
            state.order.append(number)
            guard state.threads < width else { return false }
            state.threads += 1
            return true
        }
        // A cancellation may have come before there was anything to remove.
        if isCancelled.withLock({ $0 }) { state.withLock { $0.waiting.removeValue(forKey: number) }?.giveUp() }
        guard needsThread, OwnThread.start({ self.work() }) != 0 else { return }
        // The system has no thread left, so it is done here: late is better than never.
        work()
    }

    private func work() {
        while let piece = next() { piece.run() }
    }

    private func next() -> Piece? {
        state.withLock { state in
            while let number = state.order.popFirst() {
                if let piece = state.waiting.removeValue(forKey: number) { return piece }
            }
            state.threads -= 1
            return nil
        }
    }

    /// The time that this thread has spent on a processor; a busy machine doesn't make it longer.
    private static var threadTime: Duration { SystemCalls.time(CLOCK_THREAD_CPUTIME_ID) }
}
