import Foundation
import LocalCloud

/// A worker with many jobs that wait: how soon it has them in hand again after a kill, and how long a stop takes.
struct Crowd: Sendable {
    private let cloud: LocalCloud
    private let options: SoakOptions
    private let count: Int

    init(_ cloud: LocalCloud, _ options: SoakOptions, count: Int) {
        self.cloud = cloud
        self.options = options
        self.count = count
    }

    /// The services: a setup that outlasts everything, and a journal that keeps what each job is asked for.
    static func services(_ count: Int) -> LocalCloud.Options {
        var services = LocalCloud.Options()
        services.journalCapacity = max(10_000, count * 4)
        services.blueprints = [LabBlueprint(name: "Lab", components: [], setup: .succeeds(after: .seconds(86_400)))]
        return services
    }

    /// Runs it, and prints figures.
    ///
    /// - Returns: Whether no job was lost or failed.
    func run() async throws -> Bool {
        let start = VirtualPipeline.ActionType(category: "Deploy", provider: "Quali-Start-Sandbox", version: "1")
        try cloud.codePipeline.register(
            start,
            required: ["BlueprintName", "DurationInMinutes"],
            optional: ["SetupTimeoutInMinutes"]
        )
        for name in ["Run-Command", "End-Sandbox"] {
            try cloud.codePipeline.register(
                .init(category: name == "Run-Command" ? "Test" : "Deploy", provider: "Quali-\(name)", version: "1")
            )
        }
        let properties = [
            "BlueprintName": "Lab", "DurationInMinutes": "6000", "SetupTimeoutInMinutes": "6000",
        ]
        let created = Date()
        let executions = try (1...count).map { number in
            try cloud.create(VirtualPipeline("P\(number)", stages: [.init("Lab", [.init("Start", start, properties)])]))
            return try cloud.codePipeline.start("P\(number)")
        }
        let begun = Date()
        let waiting = try host(handoff: "never")
        try await waiting.start()
        // Requests are counted, for a look at all sandboxes after each would take longer than the requests.
        try await cloud.journal.finished("startSandbox", times: count)
        print("crowd: \(count) executions begun in \(Self.seconds(begun, since: created))")
        print("crowd: \(count) sandboxes started in \(Self.seconds(Date(), since: begun))")
        try await looks(2)
        print("crowd: \(count) jobs wait; the worker has \(try await waiting.memory()) of private memory")
        _ = await waiting.end(SIGKILL)

        let next = try host(handoff: "on-stop")
        let asked = cloud.journal.count
        let began = Date()
        try await next.start()
        let look = try await cloud.journal.first("sandboxes", after: asked)
        let details = try await details(after: asked)
        print("crowd: after a kill, counted from the start of the process:")
        print("crowd:   first job asked for (GetJobDetails) after \(Self.seconds(details.first, since: began))")
        print("crowd:   first look at the lab after \(Self.seconds(look.arrived, since: began))")
        print("crowd:   last of \(count) jobs in hand after \(Self.seconds(details.last, since: began))")
        try await looks(2)

        let stop = Date()
        let isWell = await next.end(SIGTERM) == nil
        let end = Date()
        let puts = cloud.journal.entries { $0.operation == "PutJobSuccessResult" && $0.arrived >= stop }
        print("crowd: counted from SIGTERM:")
        if let first = puts.map(\.arrived).min(), let last = puts.compactMap(\.finished).max() {
            print("crowd:   first job put back after \(Self.seconds(first, since: stop))")
            print("crowd:   last job put back after \(Self.seconds(last, since: stop))")
        }
        print("crowd:   exit after \(Self.seconds(end, since: stop))")
        let actions = executions.compactMap { cloud.codePipeline.execution($0)?.action("Start") }
        let putBack = actions.count { $0.status == "InProgress" && $0.jobs.last?.continuationToken != nil }
        let inSetup = cloud.lab.sandboxes.count { $0.state == .setup }
        print("crowd: \(putBack) of \(count) jobs put back, \(inSetup) sandboxes in setup")
        return isWell && putBack == count && inSetup == count && cloud.lab.sandboxes.count == count
    }

    private static let twoDigits = FloatingPointFormatStyle<Double>.number.precision(.fractionLength(2))

    private static func seconds(_ date: Date, since begin: Date) -> String {
        "\(date.timeIntervalSince(begin).formatted(twoDigits)) s"
    }

    private func host(handoff: String) throws -> WorkerHost {
        let settings = [
            // One slot in ten is kept for jobs that end sandboxes.
            "QUALI_MAX_JOBS": "\(count * 10 / 9 + 10)", "QUALI_POLL_SECONDS": "0.2", "QUALI_STATUS_POLL_SECONDS": "1",
            "QUALI_HANDOFF": handoff, "LOG_FORMAT": "json",
            // A job in the queue needn't be put back.
            "QUALI_PROGRESS_SECONDS": "0",
        ]
        return try WorkerHost(
            "crowd",
            environment: cloud.environment.merging(settings) { $1 },
            folder: options.folder,
            keepsState: handoff != "never"
        )
    }

    /// Waits for so many looks at the lab to come.
    private func looks(_ number: Int) async throws {
        for _ in 0..<number { _ = try await cloud.journal.next { $0.operation == "sandboxes" } }
    }

    /// Waits until every job was asked for, and tells when the first and the last had their answer.
    private func details(after number: Int) async throws -> (first: Date, last: Date) {
        while true {
            let finished = cloud.journal.finished("GetJobDetails")
            var times: [String: Date] = [:]
            for entry in cloud.journal.entries where entry.number > number && entry.operation == "GetJobDetails" {
                guard let id = entry.facts["jobId"], let time = entry.finished else { continue }
                times[id] = times[id] ?? time
            }
            if times.count == count, let first = times.values.min(), let last = times.values.max() {
                return (first, last)
            }
            try await cloud.journal.finished("GetJobDetails", times: finished + count - times.count)
        }
    }
}
