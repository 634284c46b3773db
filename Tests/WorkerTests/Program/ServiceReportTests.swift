import Foundation
import HTTPTransport
import TestSupport
import Testing

@testable import JobEngine
@testable import QualiCore
@testable import worker

@Suite("What a service manager is told", .timeLimit(.minutes(1)))
struct ServiceReportTests {
    private static let start = Date(timeIntervalSince1970: 1_800_000_000)

    /// A worker's state some seconds after its start.
    private func snapshot(
        after seconds: TimeInterval,
        _ queues: [WorkerSnapshot.Queue],
        lab: WorkerSnapshot.Service = .init(),
        isStopping: Bool = false
    ) -> WorkerSnapshot {
        WorkerSnapshot(
            takenAt: Self.start + seconds,
            startedAt: Self.start,
            isStopping: isStopping,
            capacity: 7,
            jobs: [],
            ended: [],
            queues: queues,
            lab: lab
        )
    }

    private func queue(_ activity: WorkerSnapshot.Activity, answers: Int = 0, failures: Int = 0) -> WorkerSnapshot.Queue
    {
        let service = WorkerSnapshot.Service(
            answers: answers,
            failures: failures,
            lastAnswerAt: answers > 0 ? Self.start : nil,
            trouble: failures > 0 ? "Rate\nexceeded" : nil,
            troubleSince: failures > 0 ? Self.start : nil
        )
        return .init(action: "Start", version: "1", activity: activity, service: service)
    }

    private var asking: WorkerSnapshot.Activity { .asking(since: Self.start) }

    @Test func `is ready once each queue was asked, whatever came of it`() {
        var report = ServiceReport()
        var before = snapshot(after: 1, [])
        before.startedAt = nil
        #expect(report.lines(before, watches: false) == ["STATUS=Starting"])
        let half = report.lines(snapshot(after: 1, [queue(asking, answers: 1), queue(asking)]), watches: false)
        #expect(!half.contains("READY=1"))
        let both = [queue(asking, answers: 1), queue(asking, failures: 1)]
        let lines = report.lines(snapshot(after: 2, both), watches: false)
        #expect(lines.first == "READY=1")
        #expect(
            lines.last == """
                STATUS=0 of 7 jobs in hand; last poll answered at 08:00:00 UTC; CodePipeline in trouble since \
                08:00:00 UTC: Rate exceeded
                """
        )
        // Nothing is told twice.
        #expect(report.lines(snapshot(after: 3, both), watches: false).isEmpty)
    }

    @Test func `is ready after a while even if no poll ends`() {
        var report = ServiceReport()
        #expect(!report.lines(snapshot(after: 19, [queue(asking)]), watches: false).contains("READY=1"))
        #expect(report.lines(snapshot(after: 21, [queue(asking)]), watches: false).contains("READY=1"))
    }

    @Test func `asks for more time while it stops, and only then`() {
        var report = ServiceReport()
        let working = report.lines(snapshot(after: 1, [queue(asking)]), watches: false)
        #expect(!working.contains { $0.hasPrefix("EXTEND") })
        for second in 1...3 {
            let lines = report.lines(snapshot(after: Double(second), [], isStopping: true), watches: false)
            #expect(lines.contains("EXTEND_TIMEOUT_USEC=20000000"))
            #expect(lines.contains("STOPPING=1"))
        }
    }

    @Test func `feeds the watchdog no more once the poll loop hangs`() async throws {
        try await withTemporaryFolder { folder in
            let socket = try NotifySocket(in: folder)
            let manager = try #require(
                ServiceManager(environment: ["NOTIFY_SOCKET": socket.address, "WATCHDOG_USEC": "9000000"])
            )
            let looks = Locked(0)
            let pauses = Locked<[Duration]>([])
            await manager.follow {
                let look = looks.withLock {
                    $0 += 1
                    return $0
                }
                // From the fourth look on, the poll has been under way for longer than any may take.
                return snapshot(
                    after: look < 4 ? Double(look) : 1_000,
                    [queue(asking, answers: 1)],
                    lab: .init(trouble: "trouble \(look)", troubleSince: Self.start)
                )
            } sleep: { pause in
                pauses.withLock { $0.append(pause) }
                if looks.withLock({ $0 == 6 }) { throw CancellationError() }
            }
            let messages = try await socket.messages(
                until:
                    "STATUS=0 of 7 jobs in hand; last poll answered at 08:00:00 UTC; the lab in trouble since 08:00:00 UTC: trouble 6"
            )
            #expect(messages.map { $0.contains("WATCHDOG=1") } == [true, true, true, false, false, false])
            #expect(pauses.withLock { $0 } == Array(repeating: .seconds(3), count: 6))
        }
    }

    @Test func `tells again what the manager didn't take`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("notify").path
            let manager = try #require(ServiceManager(environment: ["NOTIFY_SOCKET": path]))
            let socket = Locked<NotifySocket?>(nil)
            await manager.follow {
                snapshot(after: 1, [queue(asking, answers: 1)])
            } sleep: { pause in
                // Nobody listens at first.
                if socket.withLock({ $0 }) != nil { throw CancellationError() }
                #expect(pause < .seconds(1))
                socket.withLock { $0 = try? NotifySocket(in: folder) }
            }
            #expect(socket.withLock { $0 }?.next()?.first == "READY=1")
        }
    }

    @Test(
        "is nothing where there is no manager, or none that can be told",
        arguments: [nil, "", "@", "relative", "vsock:2:9", "/" + String(repeating: "x", count: 200)]
    )
    func noManager(address: String?) {
        var environment = ["WATCHDOG_USEC": "1000000"]
        environment["NOTIFY_SOCKET"] = address
        #expect(ServiceManager(environment: environment) == nil)
    }

    @Test func `feeds only a watchdog that is meant for this process`() throws {
        func watchdog(_ changes: [String: String]) throws -> Duration? {
            let environment = ["NOTIFY_SOCKET": "@anyone", "WATCHDOG_USEC": "1000000"].merging(changes) { $1 }
            return try #require(ServiceManager(environment: environment)).watchdog
        }
        #expect(try watchdog([:]) == .seconds(1))
        #expect(try watchdog(["WATCHDOG_PID": "\(getpid())"]) == .seconds(1))
        #expect(try watchdog(["WATCHDOG_PID": "1"]) == nil)
        #expect(try watchdog(["WATCHDOG_USEC": "0"]) == nil)
        #expect(try watchdog(["WATCHDOG_USEC": "soon"]) == nil)
    }
}
