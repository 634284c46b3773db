// Prints calls of PollForJobs a second and the client's CPU milliseconds for each: Requests ENDPOINT CONCURRENCY
import AWSLite
import Foundation
import Measure

let concurrency = Int(CommandLine.arguments[2]) ?? 1
let client = CodePipeline(try configuration(CommandLine.arguments[1], connections: concurrency))
let type = CodePipeline.ActionTypeID(category: .deploy, owner: .custom, provider: "Sandbox", version: "1")

/// Calls until the time is over and returns how often.
@Sendable func poll(for duration: Duration) async throws -> Int {
    try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<concurrency {
            group.addTask {
                let end = ContinuousClock.now + duration
                var count = 0
                while ContinuousClock.now < end {
                    let jobs = try await client.pollForJobs(actionTypeID: type, maxBatchSize: 1)
                    precondition(jobs.count == 1)
                    count += 1
                }
                return count
            }
        }
        return try await group.reduce(0, +)
    }
}

_ = try await poll(for: .seconds(1))
let (before, start) = (Usage(), ContinuousClock.now)
let count = try await poll(for: .seconds(4))
let (seconds, used) = ((ContinuousClock.now - start) / .seconds(1), Usage().cpu - before.cpu)
print(String(format: "%.0f %.3f", Double(count) / seconds, used * 1e3 / Double(count)))
