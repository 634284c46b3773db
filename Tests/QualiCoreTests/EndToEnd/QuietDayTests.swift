import Logging
import TestSupport
import Testing

@testable import JobEngine
@testable import QualiCore

/// `Docs/logs.md` promises what is tested here.
@Suite("A day's log at info", .timeLimit(.minutes(5)))
struct QuietDayTests {
    @Test func `is one line from a worker that has nothing to do`() async throws {
        let day = try Day()
        let said = await day.pass()
        #expect(day.queue.polls > 10_000, "it did poll")
        #expect(said.map(\.message) == ["Polling for jobs"])
    }

    @Test func `is under sixty lines when each service is down for an hour, with jobs under way`() async throws {
        let day = try Day(
            outages: [
                .details: 0...1, .poll: 1...2, .lab: 3...4, .journal: 5...6, .report: 7...8, .executions: 9...10,
                .acknowledge: 11...12,
            ],
            // One for each outage that only a job meets.
            jobsAt: [2.9, 4.9, 6.1, 8.9, 11.1],
            unfinished: 3
        )
        let said = await day.pass()
        let counts = Dictionary(grouping: said, by: \.message).mapValues(\.count)
        let met: [OutageLog.Work] = [
            .resuming, .probingLab, .watchingSandboxes, .journal, .reporting, .watchingPipelines, .acknowledging,
        ]
        for work in met {
            let events = OutageLog.Event.allCases.map { counts["\(work.rawValue) \($0.rawValue)"] ?? 0 }
            #expect(events == [1, 2, 1], "\(work)")
        }
        // Two queues.
        #expect(counts["Polling fails"] == 2 && counts["Polling still fails"] == 4 && counts["Polling recovered"] == 2)
        #expect(counts["Job succeeded"] == 8)
        #expect(said.count < 60, "\(counts)")
    }

    @Test func `is a line for each job that waits in the queue all day`() async throws {
        let day = try Day(jobsAt: [0.1, 0.2, 0.3], isAlways: true)
        let said = await day.pass()
        #expect(day.queue.returns > 1_000, "they did wait there")
        #expect(said.map(\.message) == ["Polling for jobs", "Job begins", "Job begins", "Job begins"])
        // Once it is known, each line about a job names the sandbox.
        let later = day.book.lines.filter { $0.metadata["job"]?.hasPrefix("r") == true }
        #expect(!later.isEmpty && later.allSatisfy { $0.metadata["sandbox"] == "s1" || $0.message == "Job begins" })
    }
}
