#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// Runs work that may block for long outside of Swift's pool.
package enum OwnThread {
    /// No thread could be had.
    package struct Failure: Error, CustomStringConvertible {
        package var description: String

        init(_ code: Int32) {
            description = "no thread can be had: \(SystemCalls.text(errno: code))"
        }
    }

    private final class Box {
        let work: @Sendable () -> Void
        init(_ work: @escaping @Sendable () -> Void) { self.work = work }
    }

    /// Starts the work on a new thread.
    ///
    /// - Returns: The system's error number where no thread can be had; then the work isn't done.
    package static func start(_ work: @escaping @Sendable () -> Void) -> Int32 {
        // The thread takes over what is retained here, unless there is none.
        let box = unsafe Unmanaged.passRetained(Box(work))
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        defer { unsafe pthread_attr_destroy(&attributes) }
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread,
            &attributes,
            { context in
                guard let context = unsafe context else { return nil }
                unsafe Unmanaged<Box>.fromOpaque(context).takeRetainedValue().work()
                return nil
            },
            box.toOpaque()
        )
        if code != 0 { unsafe box.release() }
        return code
    }

    /// Does the work on a new thread and waits for it, however long it takes.
    ///
    /// - Throws: ``Failure`` where no thread can be had, or what the work throws.
    package static func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let code = start { continuation.resume(with: Result { try work() }) }
            if code != 0 { continuation.resume(throwing: Failure(code)) }
        }
    }

    /// Does the work on a new thread and waits for it, but no longer than a limit; what is late is done for nothing.
    ///
    /// - Returns: What the work has made; `nil` at the limit, on cancellation, and where no thread can be had.
    package static func value<Value: Sendable>(
        within limit: Duration,
        _ work: @escaping @Sendable () -> Value
    ) async -> Value? {
        let waiter = Waiter<Value>()
        // Cancelled when this function returns.
        async let _: Void = {
            try? await Task.sleep(for: limit)
            waiter.end(nil)
        }()
        return await withCheckedContinuation { continuation in
            waiter.begin(continuation)
            if start({ waiter.end(work()) }) != 0 { waiter.end(nil) }
        }
    }

    /// Who waits for a value, which the first to end gives.
    private final class Waiter<Value: Sendable>: Sendable {
        private enum State {
            case early
            case waiting(CheckedContinuation<Value?, Never>)
            case over
        }

        private let state = Locked(State.early)

        func begin(_ continuation: CheckedContinuation<Value?, Never>) {
            let isOver = state.withLock { state in
                guard case .early = state else { return true }
                state = .waiting(continuation)
                return false
            }
            if isOver { continuation.resume(returning: nil) }
        }

        func end(_ value: Value?) {
            let continuation: CheckedContinuation<Value?, Never>? = state.withLock { state in
                defer { state = .over }
                guard case .waiting(let continuation) = state else { return nil }
                return continuation
            }
            continuation?.resume(returning: value)
        }
    }
}
