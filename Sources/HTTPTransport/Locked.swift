#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// A value behind a lock, for state that is touched from outside Swift's concurrency too.
///
/// It uses a `pthread_mutex_t`, which the thread sanitizer understands; it reports false races for
/// `Synchronization.Mutex` on Linux.
@safe package final class Locked<Value>: @unchecked Sendable {
    // Made and destroyed with this object, at a place that never changes, as POSIX demands.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    // The mutex excludes what Swift would check at each access.
    @exclusivity(unchecked) @usableFromInline var value: Value

    package init(_ value: Value) {
        unsafe mutex = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
        unsafe self.value = value
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    /// Runs `body` while no one else does; `body` must be short and must not call out.
    @inlinable package func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        lock()
        defer { unlock() }
        return try unsafe body(&value)
    }

    @usableFromInline func lock() { unsafe pthread_mutex_lock(mutex) }

    @usableFromInline func unlock() { unsafe pthread_mutex_unlock(mutex) }
}
