import Foundation
import HTTPTransport
import LocalCloud
import TestSupport
import Testing

@testable import JobEngine
@testable import QualiCore

/// A worker dies at each write of its journal, and another one goes on from what is on disk.
@Suite("A crash at a write of the journal", .serialized, .timeLimit(.minutes(5)))
struct CrashTests {
    /// What a worker notes in a pipeline of start, command and end.
    private static let writes = [
        "claim", "noteAcknowledged", "saveCheckpoint", "saveCheckpoint", "saveCheckpoint", "saveOutcome", "forget",
        "claim", "noteAcknowledged", "saveCheckpoint", "saveCheckpoint", "saveOutcome", "forget",
        "claim", "noteAcknowledged", "saveCheckpoint", "saveCheckpoint", "saveOutcome", "forget",
    ]

    private static let ends = writes.indices.flatMap { index in
        [false, true].map { Life.End(write: index + 1, isWritten: $0) }
    }

    /// Starts a pipeline, lets a worker live until `end`, and another one until the pipeline has ended.
    ///
    /// - Returns: What the first one has noted.
    @discardableResult
    private func crash(_ end: Life.End?) async throws -> [String] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("crash-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        var options = LocalCloud.Options()
        options.blueprints = [Site.blueprint()]
        // However slow the machine is, no job is offered twice unless the time is moved on.
        options.codePipeline.redispatchInterval = .seconds(3_000)
        return try await LocalCloud.withRunning(options) { cloud in
            // Registers the action types, too.
            let site = Site(cloud: cloud)
            _ = try await Site.makeWorker(cloud)
            let id = try site.begin([
                Site.startAction(), Site.runAction("SANDBOX", "health-check"), Site.endAction(),
            ])
            let journal = try SQLiteJobJournal(folder: folder.path)
            let first = Life(until: end)
            try await Site.live(cloud, first, journal, id)
            #expect(first.isOver == (end != nil))
            if end != nil {
                // A job that was handed out and not acknowledged is offered again after a while.
                if cloud.codePipeline.openJobs.contains(where: { $0.status == "Dispatched" }) {
                    cloud.advance(by: options.codePipeline.redispatchInterval)
                }
                try await Site.live(cloud, Life(until: nil), journal, id)
            }
            let execution = try await cloud.codePipeline.end(of: id)
            #expect(execution.status == "Succeeded", "\(execution.actions.map { $0.errorMessage ?? $0.status })")
            #expect(cloud.lab.sandboxes.count == 1)
            #expect(cloud.lab.executions.count == 1)
            #expect(cloud.lab.sandboxesNotStopped.isEmpty)
            #expect(try await journal.unfinished().isEmpty)
            return first.writes
        }
    }

    @Test(arguments: ends)
    func `loses nothing and doubles nothing`(end: Life.End) async throws {
        try await crash(end)
    }

    @Test func `can happen at any of them, since there is a case for each`() async throws {
        let writes = try await crash(nil)
        #expect(writes == Self.writes)
    }
}
