import Foundation
import LocalCloud

// Two real workers share a queue. One of them is killed again and again, at random moments, while requests and replies
// are lost on the way; at the end every pipeline must have ended well, and nothing may have been done twice.

let options: SoakOptions
do {
    options = try SoakOptions(Array(CommandLine.arguments.dropFirst()))
} catch {
    FileHandle.standardError.write(Data("soak: \(error)\n\n\(SoakOptions.usage)\n".utf8))
    exit(64)
}
if let count = options.crowd {
    let isWell = try await LocalCloud.withRunning(Crowd.services(count)) { cloud in
        try await Crowd(cloud, options, count: count).run()
    }
    exit(isWell ? 0 : 1)
}
let verdict = try await LocalCloud.withRunning(Soak.services) { cloud in
    try await Soak(cloud, options).run()
}
print(verdict)
exit(verdict.isGood ? 0 : 1)
