import Foundation

/// What another process has used so far, and what it holds, as `/proc` tells it.
public struct ProcessUsage: Sendable {
    /// Seconds of the processor's time, the system's for this process included.
    public let cpu: Double
    /// The private memory (anonymous), in MiB: what is resident and in no file.
    public let memory: Double
    /// The most memory that was ever resident, in MiB.
    public let peak: Double
    /// How many threads it has.
    public let threads: Int
    /// How many files and sockets it has open.
    public let descriptors: Int

    /// Asks the kernel.
    ///
    /// - Throws: The error of the read when there is no such process.
    public init(of id: Int32) throws {
        // `/proc/PID/stat` has steps of 10 ms.
        var clock = clockid_t()
        var time = timespec()
        guard clock_getcpuclockid(id, &clock) == 0, clock_gettime(clock, &time) == 0 else {
            throw CocoaError(.fileReadUnknown)
        }
        cpu = Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        let status = try String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8)
        func number(_ name: String) -> Double {
            let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") } ?? ""
            return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) } ?? 0
        }
        memory = number("RssAnon") / 1_024
        peak = number("VmHWM") / 1_024
        threads = Int(number("Threads"))
        descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/fd").count
    }
}
