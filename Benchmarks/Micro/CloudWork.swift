import Foundation
import LocalCloud

extension Work {
    /// What a request costs the stand-ins beside few others, and beside a thousand: nearly the same.
    static let cloud = [10, 1_000].flatMap { [job(beside: $0), sandbox(beside: $0)] }

    /// A pipeline's one job is begun, got, acknowledged and ended, while others are open, half of them acknowledged.
    private static func job(beside others: Int) -> Work {
        repeated("cloud-job-\(others)", 1_000) {
            let cloud = LocalCloud.withoutSockets()
            let codePipeline = cloud.codePipeline
            let type = VirtualPipeline.ActionType(category: "Deploy", provider: "Bench", version: "1")
            try codePipeline.register(type)
            @Sendable func begin() throws {
                let name = "P-\(UUID().uuidString)"
                try cloud.create(VirtualPipeline(name, stages: [.init("Lab", [.init("A", type)])]))
                _ = try codePipeline.start(name)
            }
            @Sendable func claim(_ count: Int) throws -> [JSON] {
                let typeID: JSON = ["category": "Deploy", "owner": "Custom", "provider": "Bench", "version": "1"]
                let reply = try codePipeline.call(
                    "PollForJobs",
                    ["actionTypeId": typeID, "maxBatchSize": .integer(count)]
                )
                let jobs = reply?["jobs"]?.array ?? []
                for job in jobs {
                    try codePipeline.call("AcknowledgeJob", ["jobId": job["id"] ?? "", "nonce": job["nonce"] ?? ""])
                }
                return jobs
            }
            for _ in 0..<others / 2 { try begin() }
            _ = try claim(others / 2)
            for _ in 0..<others / 2 { try begin() }
            return {
                try begin()
                for job in try claim(1) { try codePipeline.call("PutJobSuccessResult", ["jobId": job["id"] ?? ""]) }
            }
        }
    }

    /// A sandbox and its command are read, while others run commands, too.
    private static func sandbox(beside others: Int) -> Work {
        repeated("lab-read-\(others)", 1_000) {
            let command = LabCommand(name: "wait", duration: .seconds(3_600))
            let lab = LocalLab(
                blueprints: [LabBlueprint(name: "Web", commands: [command], setup: .succeeds(after: .zero))],
                clock: LocalClock(frozenAt: Date(timeIntervalSince1970: 1_500_000_000))
            )
            @Sendable func send(_ method: String, _ path: String, _ body: JSON? = nil, token: String? = nil)
                async throws -> JSON
            {
                let fields = token.map { [(name: "Authorization", value: "Basic \($0)")] } ?? []
                let reply = await lab.reply(
                    to: LocalRequest(
                        method: method,
                        path: "/api" + path,
                        query: "",
                        headers: fields,
                        body: body?.data ?? Data()
                    )
                )
                guard reply.status < 300 else { throw WrongAnswer(status: reply.status) }
                return try JSON(parsing: reply.body)
            }
            let user: JSON = ["username": "admin", "password": "admin", "domain": "Global"]
            let token = try await send("PUT", "/login", user).string
            @Sendable func begin() async throws -> (sandbox: String, execution: String) {
                let start: JSON = ["name": "Nightly", "duration": "PT2H"]
                let sandbox =
                    try await send("POST", "/v2/blueprints/Web/start", start, token: token)["id"]?.string ?? ""
                let run = try await send("POST", "/v2/sandboxes/\(sandbox)/commands/wait/start", token: token)
                return (sandbox, run["executionId"]?.string ?? "")
            }
            let (id, execution) = try await begin()
            for _ in 0..<others { _ = try await begin() }
            return {
                _ = try await send("GET", "/v2/sandboxes/\(id)", token: token)
                _ = try await send("GET", "/v2/executions/\(execution)", token: token)
            }
        }
    }

    private struct WrongAnswer: Error { let status: Int }
}
