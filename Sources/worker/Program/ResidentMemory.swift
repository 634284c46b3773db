import CMalloc
import Dispatch
import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Gives memory back that the process holds and doesn't need.
///
/// An operator sees what is resident, and the kernel takes it back only when somebody else wants it.
enum ResidentMemory {
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
            releaseFiles()
            while true {
                await trimHeap()
                try await Task.sleep(for: pause)
            }
        } catch {}
    }

    /// Unmaps the pages of the program's and its libraries' files; what is needed again comes back from the page cache, or
    /// from the disk.
    ///
    /// A start runs code all over the program, and the kernel maps 64 KiB around each place: twice what a worker needs
    /// from then on.
    static func releaseFiles() {
        #if os(Linux)
        // Read as a stream, since such a file doesn't say how long it is.
        guard let mappings = try? FileHandle(forReadingAtPath: "/proc/self/smaps")?.readToEnd() else { return }
        for range in unchangedFiles(String(decoding: mappings, as: UTF8.self)) {
            guard let start = UnsafeMutableRawPointer(bitPattern: range.lowerBound) else { continue }
            // Where the kernel refuses, all stays as it is.
            _ = madvise(start, Int(range.upperBound - range.lowerBound), MADV_DONTNEED)
        }
        #endif
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

    /// Where files are mapped that the process can't write to and has no changed pages of, so that unmapping loses nothing.
    ///
    /// - Parameter mappings: A process's mappings, as `proc_pid_smaps(5)` describes them.
    static func unchangedFiles(_ mappings: String) -> [Range<UInt>] {
        var found: [Range<UInt>] = []
        var candidate: Range<UInt>?
        for line in mappings.split(separator: "\n") {
            let fields = line.split(separator: " ")
            if fields.first?.hasSuffix(":") == false {
                let isFile = fields.count > 5 && fields[5].hasPrefix("/")
                candidate = isFile && ["r-xp", "r--p"].contains(fields[1]) ? range(fields[0]) : nil
            } else if fields.starts(with: ["Anonymous:"]), fields.dropFirst().first != "0" {
                candidate = nil
            } else if fields.starts(with: ["Swap:", "0"]), let range = candidate {
                found.append(range)
            }
        }
        return found
    }

    private static func range(_ text: Substring) -> Range<UInt>? {
        let ends = text.split(separator: "-").compactMap { UInt($0, radix: 16) }
        guard ends.count == 2, ends[0] < ends[1] else { return nil }
        return ends[0]..<ends[1]
    }
}
