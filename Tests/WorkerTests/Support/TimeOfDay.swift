import Foundation
import TestSupport
import Testing

/// The time of day as one process sees it, which a test sets while the process runs.
///
/// A small library that is loaded before all others answers for the system's clock of the time of day, and for no other.
struct TimeOfDay {
    private static let source = """
        #define _GNU_SOURCE
        #include <fcntl.h>
        #include <stdint.h>
        #include <stdlib.h>
        #include <sys/mman.h>
        #include <sys/syscall.h>
        #include <sys/time.h>
        #include <time.h>
        #include <unistd.h>

        static volatile int64_t *lead;

        __attribute__((constructor)) static void begin(void) {
            const char *path = getenv("TIME_OF_DAY_LEAD");
            int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
            if (file < 0) return;
            void *memory = mmap(NULL, 8, PROT_READ, MAP_SHARED, file, 0);
            close(file);
            if (memory != MAP_FAILED) lead = memory;
        }

        int clock_gettime(clockid_t clock, struct timespec *time) {
            long result = syscall(SYS_clock_gettime, clock, time);
            if (!result && lead && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += *lead;
            return (int)result;
        }

        int gettimeofday(struct timeval *restrict time, void *restrict zone) {
            struct timespec exact;
            int result = clock_gettime(CLOCK_REALTIME, &exact);
            time->tv_sec = exact.tv_sec;
            time->tv_usec = exact.tv_nsec / 1000;
            return result;
        }

        time_t time(time_t *place) {
            struct timespec exact;
            clock_gettime(CLOCK_REALTIME, &exact);
            if (place) *place = exact.tv_sec;
            return exact.tv_sec;
        }
        """

    private let file: URL
    /// What a program has to find in its environment.
    let environment: [String: String]

    /// Makes a time of day that is the real one at first.
    init(in folder: URL) async throws {
        file = folder.appendingPathComponent("lead")
        let (source, library) = ("\(folder.path)/time.c", "\(folder.path)/libtime.so")
        try Self.source.write(toFile: source, atomically: false, encoding: .utf8)
        try await Programs.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source])
        environment = ["LD_PRELOAD": library, "TIME_OF_DAY_LEAD": file.path]
        try Data(count: 8).write(to: file)
    }

    /// Sets it.
    ///
    /// It is to be `lead` seconds ahead of the real one.
    func set(aheadBy lead: Int64) throws {
        let handle = try FileHandle(forWritingTo: file)
        defer { try? handle.close() }
        // In place: the process has mapped this very file.
        try handle.write(contentsOf: withUnsafeBytes(of: lead) { Data($0) })
    }
}
