import Foundation
import LocalCloud
import QualiCore
import TestSupport
import Testing
import WorkerTestSupport

@testable import JobEngine
@testable import worker

@Suite("A worker that may stop when it is idle", .timeLimit(.minutes(2)))
struct IdleTests {
    private static let begin = Date(timeIntervalSince1970: 1_800_000_000)

    /// What a worker does, with times in seconds.
    private static func snapshot(
        at seconds: TimeInterval,
        jobs: Int = 0,
        lastEnd: TimeInterval? = nil,
        answers: [TimeInterval?]
    ) -> WorkerSnapshot {
        let now = begin.addingTimeInterval(seconds)
        let place = JobPlace(pipeline: "P", stage: "S", action: "A", pipelineExecutionID: "e")
        let job = WorkerSnapshot.Job(
            id: "1",
            actionExecutionID: "a",
            action: "Run",
            place: place,
            claimedAt: begin,
            progress: JobProgress("Runs"),
            progressSince: begin
        )
        let queues = answers.map { answer in
            WorkerSnapshot.Queue(
                action: "Run",
                version: "1",
                activity: .notStarted,
                service: .init(lastAnswerAt: answer.map { begin.addingTimeInterval($0) })
            )
        }
        let ended = lastEnd.map {
            WorkerSnapshot.EndedJob(job: job, endedAt: begin.addingTimeInterval($0), ending: .succeeded, detail: "")
        }
        return WorkerSnapshot(
            takenAt: now,
            startedAt: begin,
            isStopping: false,
            capacity: 10,
            jobs: Array(repeating: job, count: jobs),
            ended: ended.map { [$0] } ?? [],
            queues: queues,
            lab: .init(),
            journalTrouble: nil
        )
    }

    @Test func `goes on while it has a job, and until each queue was asked since the last one`() {
        var watch = IdleWatch(limit: .zero)
        let looks = [
            Self.snapshot(at: 1, answers: [nil, nil]), Self.snapshot(at: 2, answers: [1.5, nil]),
            Self.snapshot(at: 3, jobs: 1, answers: [2.5, 2.5]), Self.snapshot(at: 9, lastEnd: 8, answers: [8.5, 7]),
            Self.snapshot(at: 10, lastEnd: 8, answers: [9.2, 9.5]),
        ]
        #expect(looks.map { watch.isOver($0) } == [false, false, false, false, true])
    }

    @Test func `has had no job for the whole time, though one was too short to be seen`() {
        var watch = IdleWatch(limit: .seconds(60))
        let looks = [
            Self.snapshot(at: 0, answers: [0]), Self.snapshot(at: 59, answers: [58]),
            Self.snapshot(at: 61, lastEnd: 60, answers: [60.5]), Self.snapshot(at: 119, lastEnd: 60, answers: [118]),
            Self.snapshot(at: 121, lastEnd: 60, answers: [118]),
        ]
        #expect(looks.map { watch.isOver($0) } == [false, false, false, false, true])
    }

    @Test func `needs no answer of a queue while somebody has paused it`() {
        var watch = IdleWatch(limit: .seconds(60))
        let looks = [
            Self.snapshot(at: 0, answers: [nil]), Self.snapshot(at: 61, jobs: 1, answers: [nil]),
            Self.snapshot(at: 70, answers: [nil]), Self.snapshot(at: 129, answers: [nil]),
            Self.snapshot(at: 131, answers: [nil]),
        ]
        let isOver = looks.map { look in
            var look = look
            look.pause = WorkerPause(since: Self.begin)
            return watch.isOver(look)
        }
        #expect(isOver == [false, false, false, false, true])
    }

    @Test func `stops as a program with 0 when its job is done`() async throws {
        try await LocalCloud.withRunning { cloud in
            _ = try await program("actions", "install", environment: cloud.environment)
            let id = try Given.failingExecution(in: cloud)
            let ending = try await program(["run", "--once"], environment: Given.workerEnvironment(cloud))
            #expect(ending.status == 0, "\(ending.errors)")
            #expect(cloud.codePipeline.execution(id)?.status == "Failed")
            #expect(ending.errors.contains("Stopping, since there was no job for long enough"))
        }
    }
}
