import CProcess
import Foundation

/// What the system says of this process, for the metrics that Prometheus' own clients have.
struct ProcessFigures: Sendable, Hashable {
    /// Time on processors, in seconds.
    var processorSeconds: Double
    /// When it started, in seconds since 1970.
    var startTime: Double
    /// Memory in use, in bytes.
    var residentBytes: Double
    /// Address space in use, in bytes.
    var virtualBytes: Double
    /// Open file descriptors.
    var openFiles: Double
    /// How many there may be.
    var mostFiles: Double

    /// Reads Linux's `/proc`; `nil` where there is none.
    init?() {
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        guard let stat = Self.text("/proc/self/stat"), let system = Self.text("/proc/stat"),
            // The fields after the program's name, which may hold spaces; the first of them is the third (proc(5)).
            let name = stat.lastIndex(of: ")"),
            case let fields = stat[stat.index(after: name)...].split(whereSeparator: \.isWhitespace),
            fields.count > 21, let user = Double(fields[11]), let kernel = Double(fields[12]),
            let start = Double(fields[19]), let virtual = Double(fields[20]), let pages = Double(fields[21]),
            let boot = system.split(separator: "\n").first(where: { $0.hasPrefix("btime ") }),
            let bootTime = Double(boot.dropFirst(6)), ticks > 0,
            let files = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        else { return nil }
        processorSeconds = (user + kernel) / ticks
        startTime = bootTime + start / ticks
        residentBytes = pages * Double(sysconf(Int32(_SC_PAGESIZE)))
        virtualBytes = virtual
        openFiles = Double(files.count)
        mostFiles = Double(Self.mostFiles)
    }

    /// How many files may be open.
    static var mostFiles: UInt {
        var limit = rlimit()
        unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return limit.rlim_cur
    }

    private static func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
}
