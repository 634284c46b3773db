#if canImport(Glibc)
package import Glibc
#else
package import Musl
#endif

/// Calls of the system, with Swift's types for C's pointers.
///
/// The system keeps none of the memory that it gets, and writes no more of it than is said; texts end with a zero, as C has
/// them. What a call returns, and `errno` after it, is as the system says.
package enum SystemCalls {
    /// Opens a file; the mode is for one that is made.
    package static func open(_ path: String, _ flags: Int32, mode: mode_t = 0) -> Int32 {
        #if canImport(Glibc)
        unsafe Glibc.open(path, flags, mode)
        #else
        unsafe Musl.open(path, flags, mode)
        #endif
    }

    /// What the system says of an open file; `nil` where it can't.
    package static func status(of descriptor: Int32) -> stat? {
        var status = stat()
        return unsafe fstat(descriptor, &status) == 0 ? status : nil
    }

    /// What the system says of a file; `nil` where it can't.
    package static func status(of path: String) -> stat? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? status : nil
    }

    /// Reads into an array, at most as many bytes as it has; returns how many, or -1.
    package static func read(_ descriptor: Int32, into buffer: inout [UInt8]) -> Int {
        let count = buffer.count
        #if canImport(Glibc)
        return unsafe Glibc.read(descriptor, &buffer, count)
        #else
        return unsafe Musl.read(descriptor, &buffer, count)
        #endif
    }

    /// Writes bytes; returns how many, or -1.
    package static func write(_ descriptor: Int32, _ bytes: Span<UInt8>) -> Int {
        unsafe bytes.withUnsafeBufferPointer { bytes in
            #if canImport(Glibc)
            unsafe Glibc.write(descriptor, bytes.baseAddress, bytes.count)
            #else
            unsafe Musl.write(descriptor, bytes.baseAddress, bytes.count)
            #endif
        }
    }

    /// Gives a file another name.
    package static func rename(_ path: String, to other: String) -> Bool {
        #if canImport(Glibc)
        unsafe Glibc.rename(path, other) == 0
        #else
        unsafe Musl.rename(path, other) == 0
        #endif
    }

    /// Removes a file's name.
    package static func unlink(_ path: String) {
        #if canImport(Glibc)
        _ = unsafe Glibc.unlink(path)
        #else
        _ = unsafe Musl.unlink(path)
        #endif
    }

    /// Makes a pipe that programs don't inherit: the end to read from, and the one to write to; `nil` where there is none
    /// to be had.
    package static func pipe() -> [Int32]? {
        var ends: [Int32] = [-1, -1]
        #if canImport(Glibc)
        guard unsafe Glibc.pipe(&ends) == 0 else { return nil }
        #else
        guard unsafe Musl.pipe(&ends) == 0 else { return nil }
        #endif
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return ends
    }

    /// Waits until one of some files is ready, or the time is over; returns how many are, or -1.
    package static func poll(_ files: inout [pollfd], milliseconds: Int32) -> Int32 {
        let count = nfds_t(files.count)
        #if canImport(Glibc)
        return unsafe Glibc.poll(&files, count, milliseconds)
        #else
        return unsafe Musl.poll(&files, count, milliseconds)
        #endif
    }

    /// What a clock of the system shows.
    package static func time(_ clock: clockid_t) -> Duration {
        var time = timespec()
        _ = unsafe clock_gettime(clock, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    /// The words for the system's error number.
    package static func text(errno code: Int32) -> String { unsafe String(cString: strerror(code)) }
}
