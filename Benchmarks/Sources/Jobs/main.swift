import Foundation
import LocalCloud

// Measures a worker on stand-ins of its services, and prints the figures of a scenario in one line.
//
//   Jobs commands|waiting|idle|latency COUNT PROGRAM [ARGUMENT...]

let arguments = CommandLine.arguments
guard arguments.count > 3, let count = Int(arguments[2]), count > 0 else {
    FileHandle.standardError.write(Data("usage: Jobs commands|waiting|idle|latency COUNT PROGRAM [ARGUMENT...]\n".utf8))
    exit(2)
}
let folder = FileManager.default.temporaryDirectory.appendingPathComponent("jobs-\(UUID().uuidString)")
try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
let figures = try await LocalCloud.withRunning(Site.options(count)) { cloud in
    let scenario = Scenario(site: try Site(cloud), count: count, command: Array(arguments[3...]), folder: folder)
    switch arguments[1] {
    case "commands": return try await scenario.commands()
    case "waiting": return try await scenario.waiting()
    case "idle": return try await scenario.idle()
    case "latency": return try await scenario.latency()
    default: throw Mistake("there is no scenario '\(arguments[1])'")
    }
}
print(figures.map { String(format: "%.2f", $0) }.joined(separator: " "))
try FileManager.default.removeItem(at: folder)
