import Foundation
import LocalCloud

// Measures a worker on stand-ins of its services, and prints the figures of a scenario in one line.
//
//   Jobs commands|waiting|running|idle|latency|endless COUNT PROGRAM [ARGUMENT...]

let arguments = CommandLine.arguments
guard arguments.count > 3, let kind = Scenario.Kind(rawValue: arguments[1]), let count = Int(arguments[2]), count > 0
else {
    let usage = "usage: Jobs commands|waiting|running|idle|latency|endless COUNT PROGRAM [ARGUMENT...]\n"
    FileHandle.standardError.write(Data(usage.utf8))
    exit(2)
}
let folder = FileManager.default.temporaryDirectory.appendingPathComponent("jobs-\(UUID().uuidString)")
try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
do {
    defer { try? FileManager.default.removeItem(at: folder) }
    let figures = try await LocalCloud.withRunning(Site.options(count)) { cloud in
        try await Scenario(
            kind: kind,
            site: Site(cloud),
            count: count,
            command: Array(arguments[3...]),
            folder: folder
        ).figures()
    }
    print(figures.map { String(format: "%.3f", $0) }.joined(separator: " "))
} catch {
    FileHandle.standardError.write(Data("\(error)\n".utf8))
    exit(1)
}
