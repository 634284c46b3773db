import CMalloc
import Dispatch

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// Keeps the process's heap no larger than what is in it.
enum HeapMemory {
    /// How long after its begin a worker has surely started.
    private static let startTime: Duration = .seconds(10)
    private static let pause: Duration = .seconds(60)

    /// Has the process's threads share two heaps, and large blocks be mapped and unmapped by themselves.
    ///
    /// glibc gives eight heaps to each core, and none of them what another has free: with ten thousand jobs that keeps 18 of
    /// 103 MiB. It must be called while there is one thread.
    static func shareHeaps() {
        #if canImport(Glibc)
        mallopt(M_ARENA_MAX, 2)
        mallopt(M_MMAP_THRESHOLD, 128 << 10)
        #endif
    }

    /// Gives back what the start has left, then once a minute what work has left, until the task is cancelled.
    static func keepSmall() async {
        do {
            try await Task.sleep(for: startTime)
            while true {
                await trimHeap()
                try await Task.sleep(for: pause)
            }
        } catch {}
    }

    /// Gives back the heap's pages that hold nothing: of ten thousand jobs' begin some 15 MB.
    private static func trimHeap() async {
        #if canImport(Glibc)
        // It looks through the whole heap, for which Swift's threads are too few.
        await withCheckedContinuation { continuation in
            DispatchQueue.global(qos: .utility).async {
                malloc_trim(0)
                continuation.resume()
            }
        }
        #endif
    }
}
