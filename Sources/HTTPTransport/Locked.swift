#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// A value behind a lock, for state that is touched from outside Swift's concurrency too.
///
/// It uses a `pthread_mutex_t`, which the thread sanitizer understands; it reports false races for
/// `Synchronization.Mutex` on Linux.
package final class Locked<Value>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private var value: Value

    package init(_ value: Value) {
        mutex = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        self.value = value
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Runs `body` while no one else does; `body` must be short and must not call out.
    package func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value)
    }
}
