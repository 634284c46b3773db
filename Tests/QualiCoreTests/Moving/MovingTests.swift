import Foundation
import HTTPTransport
import LocalCloud
import Testing

/// The jobs of `cases.json` in this worker's hands.
///
/// What the original did was seen, job by job: ``OriginalWorkerTests`` runs its program at these stand-ins. Where Python 2
/// differs from Python 3, a Python 2.7 was asked for what it makes of the pattern or the text.
@Suite("Jobs of the original worker", .timeLimit(.minutes(2)))
struct MovingTests {
    /// Plays a row with this worker.
    private static func play(_ row: MovingCase, _ settings: [String: String] = [:]) async throws -> MovingCase.Ending {
        let site = StillSite({ row.options($0) }, version: MovingCase.version, fault: row.lab.fault)
        let cloud = site.cloud
        let (execution, old) = try await row.begin(cloud, moveOn: site.moveOn)
        @Sendable func report() -> ActionReport? { cloud.codePipeline.execution(execution)?.action("It") }
        let isStopped = Locked(false)
        try await site.work(settings) {
            if row.isStopped, row.isUnderWay(cloud), !isStopped.withLock({ $0 }) {
                isStopped.withLock { $0 = true }
                try cloud.codePipeline.stop(execution, abandon: true)
            }
            guard report()?.hasEnded == true else { return false }
            // What is left of a stopped one is cleared up later.
            return !row.isStopped || !row.isUnderWay(cloud)
        }
        return row.ending(of: try #require(report()), cloud, besides: old)
    }

    @Test(arguments: MovingCase.all)
    func `end as the table says`(row: MovingCase) async throws {
        let ending = try await Self.play(row)
        #expect(ending == row.ours)
    }

    @Test("end as before with the settings for a move, and no other one is lost by them", arguments: MovingCase.all)
    func settings(row: MovingCase) async throws {
        let ending = try await Self.play(row, MovingSettings.all)
        #expect(ending == row.ending(with: MovingSettings.all))
    }

    @Test func `differ for a reason`() {
        let names = MovingCase.all.map(\.testDescription)
        #expect(names.count == Set(names).count)
        for row in MovingCase.all {
            #expect(row.why != nil || row.original.essence == row.ours.essence, "\(row.testDescription)")
            #expect(row.greenWith.isEmpty == (row.then == nil), "\(row.testDescription)")
            #expect(row.then == nil || !row.ours.isGreen, "\(row.testDescription)")
        }
    }

    @Test func `are as many of each kind as the page says`() throws {
        let all = MovingCase.all
        let improved = all.filter { !$0.original.isGreen && $0.ours.isGreen }.count
        let red = all.filter(\.isTurnedRed).count
        #expect(all.count == 229)
        #expect(improved == 47)
        #expect(red == 29)
        let greenAgain = all.filter { $0.isTurnedRed && $0.then?.isGreen == true }.count
        #expect(greenAgain == 19)
        let page = try String(contentsOf: Self.page, encoding: .utf8)
        let alike = all.count - improved - red
        let counts = """
            Both workers were given the same \(all.count) jobs: \(alike) end alike, \(improved) fail or hang with the Python \
            worker alone, and \(red) fail with this one alone.
            """
        #expect(page.contains(counts))
        let settings = MovingSettings.all.sorted { $0.key < $1.key }.map { "`\($0.key)=\($0.value)`" }
        let again = "\(greenAgain) of these end well again with \(settings.joined(separator: ", "))"
        #expect(page.contains(again))
    }

    private static let page = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../Docs/python.md").standardizedFileURL
}
