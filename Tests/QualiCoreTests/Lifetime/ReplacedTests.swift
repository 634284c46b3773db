import Foundation
import HTTPTransport
import LocalCloud
import QualiTesting
import SandboxAPI
import Testing

@testable import JobEngine
@testable import QualiCore

@Suite("A start that is attempted again", .timeLimit(.minutes(5)))
struct ReplacedTests {
    /// A site whose execution has failed after its start, and is retried with all its actions.
    private static func retried(_ options: String? = nil) async throws -> (LifetimeSite, execution: String) {
        let site = try LifetimeSite()
        let execution = try site.cloud.begin([LifetimeSite.start(options), LifetimeSite.failing])
        try await site.work { site.status(execution) == "Failed" }
        try site.retry(execution, "ALL_ACTIONS")
        return (site, execution)
    }

    @Test func `replaces its earlier sandbox as soon as the later one is ready`() async throws {
        let (site, execution) = try await Self.retried()
        let first = try #require(site.lab.sandboxes.first)
        try await site.work { site.lab.sandboxes.count == 2 && site.lab.sandboxesNotStopped.count == 1 }
        #expect(site.lab.sandboxesNotStopped.first?.id != first.id)
        let lines = site.log.lines.filter { $0.message == "Sandbox ended with its pipeline" }
        #expect(lines.map { $0.metadata["sandbox"] } == [first.id])
        #expect(lines.first?.metadata["reason"]?.contains("has made another: 'Start' in ") == true)
        // The other one lives on with its execution, until that has been over for an hour.
        try await site.work { site.status(execution) == "Failed" }
        try await site.work(during: .seconds(50 * 60))
        #expect(site.lab.sandboxesNotStopped.count == 1)
        try await site.work { site.isCleared }
    }

    @Test func `replaces nothing if it is abandoned just then`() async throws {
        let (site, execution) = try await Self.retried()
        let first = try #require(site.lab.sandboxes.first)
        let isStopped = Locked(false)
        try await site.work {
            guard site.lab.sandboxes.count == 2 else { return false }
            // The worker learns of it when it reports that the sandbox is ready.
            if !isStopped.withLock({ $0 }) {
                try site.pipelines.stop(execution, abandon: true)
                isStopped.withLock { $0 = true }
            }
            return site.lab.sandboxesNotStopped.count < 2
        }
        try await site.work(during: .seconds(50 * 60))
        #expect(site.lab.sandboxesNotStopped.map(\.id) == [first.id])
        try await site.work { site.isCleared }
    }

    @Test func `replaces what another worker has started`() async throws {
        let (site, _) = try await Self.retried()
        let first = try #require(site.lab.sandboxes.first)
        try await site.work(during: .seconds(15 * 60), losingJournal: true)
        #expect(site.lab.sandboxes.count == 2)
        #expect(site.lab.sandbox(id: first.id)?.isUnstopped == false)
        #expect(site.lab.sandboxesNotStopped.count == 1)
    }

    @Test func `replaces nothing where its action says that its sandboxes are to stay`() async throws {
        let (site, _) = try await Self.retried(#"{"EndWithPipeline": "Never"}"#)
        try await site.work(during: .seconds(2 * 3_600))
        #expect(site.lab.sandboxesNotStopped.count == 2)
    }

    @Test func `is told by the inventory until it is ended`() async throws {
        try await SandboxStand.run { stand in
            try stand.create("Retried", isFollowed: true)
            let execution = try stand.begin("Retried")
            let first = try await stand.start(of: execution)
            try stand.fail(execution)
            #expect(try await stand.inventory.take().sandboxes.map(\.standing) == [.orphan])
            try stand.retry(execution)
            let again = try #require(stand.cloud.codePipeline.execution(execution.id))
            let second = try await stand.start(of: again)
            #expect(try await stand.inventory.take().sandboxes.map(\.standing) == [.inUse, .inUse])
            try stand.succeed(again, ["SandboxId": second.id])
            let listing = try await stand.inventory.take()
            #expect(listing.sandboxes.map(\.id) == [first.id, second.id])
            #expect(listing.sandboxes.map(\.standing) == [.replaced, .inUse])
            let endings = try await stand.inventory.end([listing.sandboxes[0]], force: false)
            #expect(endings.values.map { $0 } == [.begun])
            #expect(stand.unstopped == [second.id])
        }
    }
}
