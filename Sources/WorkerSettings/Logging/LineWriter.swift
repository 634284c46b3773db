import Foundation
import HTTPTransport

/// Writes lines to a descriptor on a thread of its own, so that who has something to say never waits for who reads it.
///
/// What isn't read yet is kept up to a limit. What comes beyond that is lost, and so is what can't be written; how many
/// lines that were is told before the next line that can be.
@safe final class LineWriter: @unchecked Sendable {
    // `@safe`: the mutex and the condition are made with the writer, go with it, and nobody else has them.
    // `@unchecked`: what changes is touched under the mutex alone, but for `untold` and `isTorn`, which are the thread's.

    /// What a write takes at most: a pipe takes that much as a whole or not at all.
    private static let piece = 4_096

    private struct Line {
        var text: [UInt8]
        /// How many lines before this one were lost.
        var lostBefore: Int
    }

    private let descriptor: Int32
    private let capacity: Int
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let change = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var lines: [Line] = []
    private var size = 0
    private var lost = 0
    private var isFull = false
    private var isWriting = false
    private var hasThread = false
    private var note: @Sendable (Int) -> String = { "\(LineWriter.words($0))\n" }
    private var untold = 0
    private var isTorn = false

    /// Creates a writer; its thread starts with the first line.
    ///
    /// - Parameters:
    ///   - descriptor: Where to write; it stays the caller's, and open.
    ///   - capacity: How many bytes are kept while nobody reads.
    init(_ descriptor: Int32, capacity: Int = 128 << 10) {
        self.descriptor = descriptor
        self.capacity = capacity
        unsafe pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(change, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        // The thread, once there is one, keeps the writer for ever.
        unsafe pthread_cond_destroy(change)
        unsafe pthread_mutex_destroy(mutex)
        unsafe change.deallocate()
        unsafe mutex.deallocate()
    }

    /// What is said of lost lines, as in "3 lines were lost".
    static func words(_ count: Int) -> String { count == 1 ? "1 line was lost" : "\(count) lines were lost" }

    /// Changes what is written about lost lines; `note` makes a whole line of their number, and must not write itself.
    func tellLosses(_ note: @escaping @Sendable (Int) -> String) {
        withLock { self.note = note }
    }

    /// Takes a line with its end, and never blocks.
    func write(_ text: String) {
        withLock {
            // After a loss half of the room has to be free again, lest every other line be one about losses.
            if isFull, size > capacity / 2 {
                lost += 1
                return
            }
            isFull = size > 0 && size + text.utf8.count > capacity
            if isFull {
                lost += 1
                return
            }
            lines.append(Line(text: Array(text.utf8), lostBefore: lost))
            size += text.utf8.count
            lost = 0
            if !hasThread { hasThread = OwnThread.start { self.writeForEver() } == 0 }
            unsafe pthread_cond_broadcast(change)
        }
    }

    /// Waits until all is written, and no longer than a limit; blocks.
    func flush(within limit: Duration) {
        let (seconds, attoseconds) = limit.components
        var end = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &end)
        end.tv_sec += Int(seconds)
        end.tv_nsec += Int(attoseconds / 1_000_000_000)
        if end.tv_nsec >= 1_000_000_000 { (end.tv_sec, end.tv_nsec) = (end.tv_sec + 1, end.tv_nsec - 1_000_000_000) }
        withLock {
            while hasThread, isWriting || !lines.isEmpty || lost > 0 {
                if unsafe pthread_cond_timedwait(change, mutex, &end) == ETIMEDOUT { return }
            }
        }
    }

    private func withLock<Result>(_ body: () -> Result) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return body()
    }

    // MARK: The thread

    private func writeForEver() -> Never {
        while true {
            let (batch, note) = next()
            var index = 0
            while index < batch.count || (batch.isEmpty && untold > 0) {
                var text: [UInt8] = isTorn ? [UInt8(ascii: "\n")] : []
                let told = untold + (index < batch.count ? batch[index].lostBefore : 0)
                if told > 0 { text += Array(note(told).utf8) }
                let first = index
                repeat {
                    if index < batch.count { text += batch[index].text }
                    index += 1
                } while index < batch.count && batch[index].lostBefore == 0
                    && text.count + batch[index].text.count <= Self.piece
                let isWritten = writeAll(text)
                untold = isWritten ? 0 : told + min(index, batch.count) - first
                let done = batch[first..<min(index, batch.count)].reduce(0) { $0 + $1.text.count }
                withLock { size -= done }
                // A note that can't be written waits for the next line.
                if batch.isEmpty { break }
            }
        }
    }

    /// Waits for lines, or for losses to tell while there is no line to tell them with.
    private func next() -> ([Line], @Sendable (Int) -> String) {
        withLock {
            isWriting = false
            unsafe pthread_cond_broadcast(change)
            while lines.isEmpty, lost == 0 { unsafe pthread_cond_wait(change, mutex) }
            isWriting = true
            defer { lines = [] }
            if lines.isEmpty { (untold, lost) = (untold + lost, 0) }
            return (lines, note)
        }
    }

    /// Writes a text, however long its reader takes.
    ///
    /// - Returns: Whether all of it is written; else a line may end in its midst, which the next one makes up for.
    private func writeAll(_ text: [UInt8]) -> Bool {
        var offset = 0
        while offset < text.count {
            let count = unsafe text[offset...].prefix(Self.piece).withUnsafeBytes { unsafe systemWrite(descriptor, $0) }
            if count >= 0 {
                offset += count
                isTorn = count > 0 && text[offset - 1] != UInt8(ascii: "\n")
            } else if errno == EAGAIN {
                // Somebody who has the same pipe or terminal has made it so.
                var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                unsafe poll(&wait, 1, 1_000)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}

/// The system's `write`, which the name of a method hides.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    unsafe write(descriptor, bytes.baseAddress, bytes.count)
}
