import Foundation
import HTTPTransport
import LocalCloud
import TestSupport
import Testing

@testable import JobEngine
@testable import QualiCore

/// What CodePipeline does between hand-out and acknowledgement isn't documented, so that workers have to bear it all.
@Suite("However jobs are handed out", .serialized, .timeLimit(.minutes(5)))
struct HandOutTests {
    /// How a stand-in hands out jobs.
    struct Pattern: Sendable, CustomTestStringConvertible {
        var handsOutAgain = CodePipelineBehavior.HandsOutAgain.never
        var keepsNonce = false
        var staleNonce = CodePipelineBehavior.StaleNonce.invalidNonce
        var workers = 1

        var testDescription: String {
            "\(handsOutAgain)\(keepsNonce ? ", same nonce" : ""), \(staleNonce), \(workers) workers"
        }

        static let all = CodePipelineBehavior.HandsOutAgain.allCases.flatMap { again in
            [
                Pattern(handsOutAgain: again), Pattern(handsOutAgain: again, staleNonce: .status),
                Pattern(handsOutAgain: again, keepsNonce: true), Pattern(handsOutAgain: again, workers: 2),
                Pattern(handsOutAgain: again, staleNonce: .status, workers: 2),
                Pattern(handsOutAgain: again, workers: 4),
            ]
        }
    }

    /// Runs `count` pipelines of one start each on some workers, and expects one sandbox for each.
    private func expectOneSandboxEach(
        _ count: Int,
        workers: Int,
        _ cloud: LocalCloud
    ) async throws {
        let start = Site(cloud: cloud)
        _ = try await Site.makeWorker(cloud)
        let executions = try (0..<count).map { _ in try start.begin([Site.startAction()]) }
        try await serve(cloud, workers: workers) {
            for execution in executions {
                let end = try await cloud.codePipeline.end(of: execution)
                #expect(end.status == "Succeeded", "\(end.actions.map { $0.errorMessage ?? $0.status })")
            }
        }
        #expect(cloud.lab.sandboxes.count == count)
    }

    private func serve(_ cloud: LocalCloud, workers: Int, _ body: () async throws -> Void) async throws {
        guard workers > 0 else { return try await body() }
        try await Site.serve(cloud) { _ in try await serve(cloud, workers: workers - 1, body) }
    }

    @Test(arguments: Pattern.all)
    func `each job is done, and once, while acknowledgements take a quarter of a second`(pattern: Pattern) async throws
    {
        var options = LocalCloud.Options()
        options.blueprints = [Site.blueprint()]
        options.codePipeline.handsOutAgain = pattern.handsOutAgain
        options.codePipeline.keepsNonce = pattern.keepsNonce
        options.codePipeline.staleNonce = pattern.staleNonce
        // Time doesn't help.
        options.codePipeline.redispatchInterval = .seconds(3_000)
        try await LocalCloud.withRunning(options) { cloud in
            cloud.faults.inject(.delay(.milliseconds(250)), on: "AcknowledgeJob", times: .max)
            try await expectOneSandboxEach(10, workers: pattern.workers, cloud)
        }
    }

    @Test(arguments: [1, 2])
    func `fifty starts are fifty sandboxes, though a box refuses acknowledgements by itself`(workers: Int) async throws
    {
        var options = LocalCloud.Options()
        options.blueprints = [Site.blueprint()]
        // Five seconds of the workers' time.
        options.codePipeline.redispatchInterval = .milliseconds(100)
        try await LocalCloud.withRunning(options) { cloud in
            let requests = Locked(0)
            cloud.faults.inject(.html(503), on: "AcknowledgeJob", times: .max) { _ in
                requests.withLock { count in
                    count += 1
                    return count % 4 != 0
                }
            }
            try await expectOneSandboxEach(50, workers: workers, cloud)
        }
    }
}
