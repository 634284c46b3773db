import Foundation

/// What another process has used so far, and what it holds, as `/proc` tells it.
public struct ProcessUsage: Sendable {
    /// Seconds of the processor's time, the system's for this process included; in steps of 10 ms.
    public let cpu: Double
    /// The resident memory, in MiB.
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
        let stat = try String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8)
        // The second field is a name in parentheses, which may hold spaces.
        let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
        let ticks = fields.dropFirst(12).prefix(2).compactMap { Double($0) }.reduce(0, +)
        cpu = ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
        let status = try String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8)
        func number(_ name: String) -> Double {
            let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") } ?? ""
            return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) } ?? 0
        }
        memory = number("VmRSS") / 1_024
        peak = number("VmHWM") / 1_024
        threads = Int(number("Threads"))
        descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/fd").count
    }
}
