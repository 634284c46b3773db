import Foundation
import LocalCloud
import TestSupport
import Testing

@Suite("Stand-ins with many pipelines", .timeLimit(.minutes(2)))
struct CrowdTests {
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
}
