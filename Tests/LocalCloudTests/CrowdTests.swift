import Foundation
import LocalCloud
import TestSupport
import Testing

/// What a request costs must not depend on how much else is alive.
@Suite("Stand-ins with many pipelines and sandboxes", .serialized, .timeLimit(.minutes(2)))
struct CrowdTests {
    /// How long a request takes at best, since other tests run beside this one.
    private func fastest(_ request: () async throws -> Void) async rethrows -> Duration {
        var fastest = Duration.seconds(60)
        for _ in 0..<20 { fastest = min(fastest, try await ContinuousClock().measure { try await request() }) }
        return fastest
    }

    @Test("A job is got, acknowledged and ended as soon beside a thousand others as beside a few")
    func jobs() async throws {
        let bench = try Bench(LocalCloud.withoutSockets())
        var number = 0
        func begin(_ count: Int) throws {
            for _ in 0..<count {
                number += 1
                try bench.create([.init("A", Bench.type)], name: "P\(number)")
                _ = try bench.codePipeline.start("P\(number)")
            }
        }
        func cycle() async throws -> Duration {
            try await fastest {
                try begin(1)
                try bench.succeed(bench.claim())
            }
        }
        let few = try await cycle()
        try begin(500)
        for job in try bench.poll(500) { try bench.acknowledge(job) }
        try begin(500)
        let many = try await cycle()
        #expect(bench.codePipeline.openJobs.count == 1_000)
        #expect(many < few * 2, "\(many) instead of \(few)")
    }

    @Test("Jobs are offered in order of creation, whichever were taken from between them")
    func order() throws {
        let cloud = LocalCloud.withoutSockets()
        let bench = try Bench(cloud)
        try bench.create((10..<40).map { .init("A\($0)", Bench.type) })
        _ = try cloud.codePipeline.start("P")
        let jobs = try bench.poll(30)
        let ids = jobs.map { $0["id"] }
        var generator = SeededGenerator()
        let taken = Set((0..<30).shuffled(using: &generator).prefix(15))
        for place in taken.sorted().shuffled(using: &generator) { try bench.acknowledge(jobs[place]) }
        #expect(try bench.poll(30).isEmpty)
        cloud.advance(by: .seconds(30))
        #expect(try bench.poll(30).map { $0["id"] } == (0..<30).filter { !taken.contains($0) }.map { ids[$0] })
    }

    @Test("A sandbox is read and goes its way as soon beside a thousand others as beside a few")
    func sandboxes() async throws {
        let command = LabCommand(name: "wait", duration: .seconds(3_600))
        let caller = try await LabCaller.make(
            blueprints: [LabBlueprint(name: "Web", commands: [command], setup: .succeeds(after: .zero))]
        )
        let id = try await caller.ready()
        let execution = try await caller.run("/sandboxes/\(id)/commands/wait")
        func cycle() async throws -> Duration {
            await fastest {
                #expect(await caller.state(id) == "Ready")
                #expect(await caller.status(execution) == "Running")
            }
        }
        let few = try await cycle()
        for _ in 0..<1_000 {
            let other = try await caller.start()
            _ = try await caller.run("/sandboxes/\(other)/commands/wait")
        }
        let many = try await cycle()
        #expect(many < few * 2, "\(many) instead of \(few)")
    }
}
