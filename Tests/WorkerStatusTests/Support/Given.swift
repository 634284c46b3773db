import Foundation

@testable import JobEngine
@testable import WorkerStatus

/// Facts and snapshots for tests.
enum Given {
    /// The moment of the snapshots.
    static let now = Date(timeIntervalSince1970: 1_785_500_000)

    /// The facts of a worker with a lab.
    static func facts() -> StatusFacts {
        let lab = StatusFacts.Lab(
            address: "https://lab.example.com:3443",
            home: "https://portal.example.com",
            sandboxLink: { "https://portal.example.com/RM/Diagram/Index/\($0)" }
        )
        var facts = StatusFacts(region: "eu-west-1", lab: lab)
        facts.version = "1.2.3"
        facts.host = "worker-7.example.com"
        return facts
    }

    /// A worker that has just begun, or one that has nothing to do.
    static func idle(isNew: Bool = false) -> WorkerSnapshot {
        var service = WorkerSnapshot.Service()
        service.answers = isNew ? 0 : 52_310
        service.lastAnswerAt = isNew ? nil : now.addingTimeInterval(-2)
        let queues = ["Quali-Start-Sandbox", "Quali-Run-Command", "Quali-End-Sandbox"].map { action in
            WorkerSnapshot.Queue(
                action: action,
                version: "1",
                activity: isNew ? .notStarted : .resting(until: now.addingTimeInterval(3)),
                service: service,
                jobsOffered: isNew ? 0 : 127
            )
        }
        return WorkerSnapshot(
            takenAt: now,
            startedAt: now.addingTimeInterval(isNew ? -1 : -264_000),
            isStopping: false,
            capacity: 100,
            jobs: [],
            ended: isNew ? [] : (1...14).map { outcome($0) },
            queues: queues,
            lab: service
        )
    }

    /// A worker with its hands full, and a lab in trouble.
    static func busy() -> WorkerSnapshot {
        var snapshot = idle()
        snapshot.capacity = 24
        snapshot.jobs = (1...20).map { job($0) }
        snapshot.ended = (1...70).map { outcome($0) }
        snapshot.queues[1].throttles = 3
        snapshot.queues[1].service.failures = 4
        snapshot.lab.trouble =
            "connection failed: cloudshell.example.com:3443: Failed to connect to cloudshell.example.com port 3443 "
            + "after 2041 ms: Couldn't connect to server"
        snapshot.lab.troubleSince = now.addingTimeInterval(-252)
        snapshot.lab.lastAnswerAt = now.addingTimeInterval(-257)
        return snapshot
    }

    /// A worker that somebody has paused with its hands full, and that has met something that somebody should see to.
    static func paused() -> WorkerSnapshot {
        var snapshot = busy()
        snapshot.lab = idle().lab
        snapshot.pause = WorkerPause(since: now, until: now.addingTimeInterval(7_200), note: "a new rack for the lab")
        snapshot.jobs = Array(snapshot.jobs.prefix(9))
        snapshot.events = [
            .init(
                at: now.addingTimeInterval(-95),
                text: "The clock of this host was set back by 2 h.",
                isWarning: true
            ),
            .init(
                at: now.addingTimeInterval(-800),
                text: "The sandbox a937583f-d534-43ba-a190-3f13f1442110 is being ended, since the pipeline's execution "
                    + "is over: the execution 2f1cbe5e-9a1f-4c0d-8a63-0c5b3f6f4d10 of the pipeline 'Release-2026.4' is "
                    + "Stopped since 2026-07-31T11:00:00Z.",
                isWarning: false
            ),
        ]
        return snapshot
    }

    /// A job in hand.
    static func job(_ number: Int, pipeline: String? = nil) -> WorkerSnapshot.Job {
        let actions = ["Quali-Start-Sandbox", "Quali-Run-Command", "Quali-End-Sandbox"]
        let names = ["Start", "InstallNightlyBuild", "TearDown"]
        let summaries = [
            "Setup: Provisioning, 2 of 3 apps deployed, 4 min", "Running 'install' on web-server-b1d78035",
            "Ending",
        ]
        let pipelines = ["Nightly-Regression", "Release-2026.4", "web_frontend_on_real_hardware"]
        let age = Double((number * 397) % 5_400 + 25)
        let percents: [Int?] = [number * 37 % 100, nil, nil]
        return WorkerSnapshot.Job(
            id: "job-\(number)",
            actionExecutionID: "action-\(number)",
            action: actions[number % 3],
            place: JobPlace(
                pipeline: pipeline ?? pipelines[number % 3],
                stage: ["Lab", "Verify", "Finish"][number % 3],
                action: names[number % 3],
                pipelineExecutionID: "2f1cbe5e-9a1f-4c0d-8a63-0c5b3f6f4d\(10 + number)"
            ),
            claimedAt: now.addingTimeInterval(-age),
            stage: number % 9 == 0 ? .requeued : number % 3 == 2 ? .waiting : .running,
            progress: JobProgress(
                summaries[number % 3],
                percentComplete: percents[number % 3],
                externalExecutionID: "a937583f-d534-43ba-a190-3f13f14421\(10 + number)"
            ),
            progressSince: now.addingTimeInterval(-age / 3),
            wait: number % 3 == 2
                ? JobWaitInfo(reason: "the sandbox's teardown", deadline: now.addingTimeInterval(1_500)) : nil,
            putBackAt: number % 9 == 0 ? now.addingTimeInterval(-30) : nil
        )
    }

    /// A job that has ended.
    static func outcome(_ number: Int, pipeline: String? = nil) -> WorkerSnapshot.EndedJob {
        var job = job(number, pipeline: pipeline)
        let endedAt = now.addingTimeInterval(-Double(number * 290 + 40))
        job.claimedAt = endedAt.addingTimeInterval(-Double(number * 173 % 1_500 + 8))
        job.putBackAt = nil
        let ending: WorkerSnapshot.Ending =
            number % 11 == 3 ? .abandoned : number % 6 == 2 ? .failed : .succeeded
        let details: [WorkerSnapshot.Ending: String] = [
            .succeeded: "Sandbox 'Nightly [qb1cfd4a7f5f3]' is ready with 3 components.",
            .failed: "JobFailed: The setup of the sandbox failed: 'Setup' Blueprint command failed. The lab says: "
                + "Provisioning web-server: no free IP address in pool 192.168.100.0/24. Free an address or use another "
                + "blueprint, then retry the stage. The sandbox has been ended.",
            .abandoned: "",
        ]
        return .init(job: job, endedAt: endedAt, ending: ending, detail: details[ending] ?? "")
    }
}
