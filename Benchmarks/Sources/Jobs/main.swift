import Foundation
import LocalCloud

// Measures a worker on stand-ins of its services, and prints the figures of a scenario in one line.
//
//   Jobs commands|waiting|running|idle|latency|endless COUNT PROGRAM [ARGUMENT...]
//   Jobs burst|starts COUNT@SECONDS PROGRAM [ARGUMENT...]
//
// The lab takes so many SECONDS for each call of a burst, and of starts that come at once.
//
// Or prints a table of what a worker does with so many MiB of each kind of hostile bytes; KIND is a part of the names of
// those that are wanted.
//
//   Jobs hostile MIB[:KIND] PROGRAM [ARGUMENT...]
//
// Or prints tables of a service without and with a worker in its process, each row measured so many times for so many
// seconds.
//
//   Jobs embedding ROUNDS SECONDS PLAIN EMBEDDED

let arguments = CommandLine.arguments
if arguments.count > 3, arguments[1] == "hostile" {
    let wish = arguments[2].split(separator: ":", maxSplits: 1)
    await Ordeal.table(
        mebibytes: wish.first.flatMap { Int($0) } ?? 16,
        of: wish.count > 1 ? String(wish[1]) : "",
        command: Array(arguments[3...])
    )
    exit(0)
}
if arguments.count == 6, arguments[1] == "embedding", let rounds = Int(arguments[2]), let seconds = Int(arguments[3]),
    rounds > 0, seconds > 0
{
    do {
        try await Embedding(plain: arguments[4], embedded: arguments[5], seconds: seconds).tables(rounds: rounds)
    } catch {
        FileHandle.standardError.write(Data("\(error)\n".utf8))
        exit(1)
    }
    exit(0)
}
let load = arguments.count > 3 ? arguments[2].split(separator: "@") : []
guard let kind = arguments.count > 3 ? Scenario.Kind(rawValue: arguments[1]) : nil,
    let count = load.first.flatMap({ Int($0) }), count > 0,
    let delay = load.count > 1 ? Double(load[1]) : 0, delay >= 0
else {
    let usage = """
        usage: Jobs commands|waiting|running|idle|latency|endless COUNT PROGRAM [ARGUMENT...]
               Jobs burst|starts COUNT@SECONDS PROGRAM [ARGUMENT...]
               Jobs hostile MIB[:KIND] PROGRAM [ARGUMENT...]
               Jobs embedding ROUNDS SECONDS PLAIN EMBEDDED

        """
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
            labDelay: .seconds(delay),
            command: Array(arguments[3...]),
            folder: folder
        ).figures()
    }
    print(figures.map { String(format: "%.3f", $0) }.joined(separator: " "))
} catch {
    FileHandle.standardError.write(Data("\(error)\n".utf8))
    exit(1)
}
