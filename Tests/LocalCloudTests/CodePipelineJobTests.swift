import Foundation
import LocalCloud
import Testing

/// A pipeline of two actions, one after the other, and what a worker does with it.
struct Bench {
    static let type = VirtualPipeline.ActionType(category: "Deploy", provider: "Bench", version: "1")
    static let typeID: JSON = ["category": "Deploy", "owner": "Custom", "provider": "Bench", "version": "1"]

    let cloud: LocalCloud
    var codePipeline: LocalCodePipeline { cloud.codePipeline }

    init(_ cloud: LocalCloud, settings: [String: String] = [:]) throws {
        self.cloud = cloud
        try cloud.codePipeline.register(
            Self.type,
            optional: ["Text"],
            settings: ["executionUrlTemplate": "http://lab/{ExternalExecutionId}"]
        )
    }

    func create(_ actions: [VirtualPipeline.Action], name: String = "P", mode: String = "SUPERSEDED") throws {
        try cloud.create(VirtualPipeline(name, stages: [.init("Lab", actions)], executionMode: mode))
    }

    func poll(_ count: Int = 10) throws -> [JSON] {
        let reply = try codePipeline.call(
            "PollForJobs",
            ["actionTypeId": Self.typeID, "maxBatchSize": .integer(count)]
        )
        return try #require(reply?["jobs"]?.array)
    }

    func acknowledge(_ job: JSON) throws {
        let reply = try codePipeline.call(
            "AcknowledgeJob",
            ["jobId": job["id"] ?? "", "nonce": job["nonce"] ?? ""]
        )
        #expect(reply?["status"] == "InProgress")
    }

    func claim() throws -> JSON {
        let jobs = try poll(1)
        let job = try #require(jobs.first)
        try acknowledge(job)
        return job
    }

    func succeed(_ job: JSON, _ more: [String: JSON] = [:]) throws {
        try codePipeline.call("PutJobSuccessResult", .object(more.merging(["jobId": job["id"] ?? ""]) { $1 }))
    }

    func fail(_ job: JSON, type: String = "JobFailed", message: String = "no") throws {
        try codePipeline.call(
            "PutJobFailureResult",
            ["jobId": job["id"] ?? "", "failureDetails": ["type": .string(type), "message": .string(message)]]
        )
    }
}

/// The error code that a call ends with.
func code(_ body: () throws -> Void) -> String? {
    do {
        try body()
        return nil
    } catch {
        return (error as? LocalServiceError)?.code ?? "\(error)"
    }
}

@Suite("Jobs in the stand-in of CodePipeline", .timeLimit(.minutes(1)))
struct CodePipelineJobTests {
    @Test("A job that nobody acknowledges is offered again after a while, and its old nonce is stale")
    func redispatch() async throws {
        try await LocalCloud.withRunning { cloud in
            let bench = try Bench(cloud)
            try bench.create([.init("A", Bench.type)])
            _ = try cloud.codePipeline.start("P")
            let first = try bench.poll()[0]
            cloud.advance(by: .seconds(29))
            #expect(try bench.poll().isEmpty)
            cloud.advance(by: .seconds(1))
            let second = try bench.poll()[0]
            #expect(first["id"] == second["id"])
            #expect(first["nonce"] == "3" && second["nonce"] == "4")
            #expect(code { try bench.acknowledge(first) } == "InvalidNonceException")
            try bench.acknowledge(second)
        }
    }

    @Test("Two workers may hold one job; the later hand-out wins")
    func duplicates() async throws {
        try await LocalCloud.withRunning { cloud in
            cloud.codePipeline.behavior.handsOutAgain = .atEachPoll
            let bench = try Bench(cloud)
            try bench.create([.init("A", Bench.type)])
            _ = try cloud.codePipeline.start("P")
            let (one, two) = (try bench.poll()[0], try bench.poll()[0])
            try bench.acknowledge(two)
            #expect(code { try bench.acknowledge(one) } == "InvalidNonceException")
            #expect(try bench.poll().isEmpty)
        }
    }

    @Test("An unacknowledged job is handed out once more before its time, and then again after it")
    func onceMore() async throws {
        try await LocalCloud.withRunning { cloud in
            cloud.codePipeline.behavior.handsOutAgain = .once
            let bench = try Bench(cloud)
            try bench.create([.init("A", Bench.type)])
            _ = try cloud.codePipeline.start("P")
            #expect(try (1...3).map { _ in try bench.poll().count } == [1, 1, 0])
            cloud.advance(by: .seconds(30))
            #expect(try (1...3).map { _ in try bench.poll().count } == [1, 1, 0])
        }
    }

    @Test("A job may keep its nonce, and a stale one may be told by the job's status")
    func nonces() async throws {
        try await LocalCloud.withRunning { cloud in
            cloud.codePipeline.behavior.handsOutAgain = .atEachPoll
            cloud.codePipeline.behavior.staleNonce = .status
            let bench = try Bench(cloud)
            try bench.create([.init("A", Bench.type)])
            _ = try cloud.codePipeline.start("P")
            let (one, two) = (try bench.poll()[0], try bench.poll()[0])
            let input: JSON = ["jobId": one["id"] ?? "", "nonce": one["nonce"] ?? ""]
            #expect(try cloud.codePipeline.call("AcknowledgeJob", input)?["status"] == "Dispatched")
            cloud.codePipeline.behavior.keepsNonce = true
            #expect(try bench.poll()[0]["nonce"] == two["nonce"])
            try bench.acknowledge(two)
            #expect(code { try bench.acknowledge(one) } == "InvalidNonceException")
        }
    }

    @Test("A repeated acknowledgement is refused, or taken where the knob says so", arguments: [false, true])
    func repeatedAcknowledgement(isAccepted: Bool) async throws {
        try await LocalCloud.withRunning { cloud in
            cloud.codePipeline.behavior.acceptsRepeatedAcknowledgement = isAccepted
            let bench = try Bench(cloud)
            try bench.create([.init("A", Bench.type)])
            _ = try cloud.codePipeline.start("P")
            let job = try bench.claim()
            #expect(code { try bench.acknowledge(job) } == (isAccepted ? nil : "InvalidNonceException"))
        }
    }

    @Test("A continued action has a new job with the token, after the delay, for the same action execution")
    func continuation() async throws {
        try await LocalCloud.withRunning { cloud in
            cloud.codePipeline.behavior.continuationDelay = .seconds(30)
            let bench = try Bench(cloud)
            try bench.create([.init("A", Bench.type)])
            let execution = try cloud.codePipeline.start("P")
            let first = try bench.claim()
            try bench.succeed(
                first,
                ["continuationToken": "t", "executionDetails": ["externalExecutionId": "e", "percentComplete": 10]]
            )
            #expect(try bench.poll().isEmpty)
            #expect(cloud.codePipeline.execution(execution)?.action("A")?.externalExecutionURL == "http://lab/e")
            cloud.advance(by: .seconds(30))
            let second = try bench.claim()
            #expect(second["data"]?["continuationToken"] == "t")
            #expect(second["nonce"] == "3" && second["id"] != first["id"])
            let ids = [first, second].map { $0["data"]?["pipelineContext"]?["action"]?["actionExecutionId"] }
            #expect(ids[0] == ids[1])
            try bench.succeed(second)
            let end = try await cloud.codePipeline.end(of: execution)
            #expect(end.status == "Succeeded")
            #expect(end.action("A")?.jobs.map(\.continuationToken) == [nil, "t"])
        }
    }

    @Test("An action that takes too long fails, and its job is over")
    func timeout() async throws {
        try await LocalCloud.withRunning { cloud in
            let bench = try Bench(cloud)
            try bench.create([.init("A", Bench.type)])
            let execution = try cloud.codePipeline.start("P")
            let job = try bench.claim()
            cloud.advance(by: .seconds(86_399))
            #expect(cloud.codePipeline.execution(execution)?.status == "InProgress")
            async let end = cloud.codePipeline.end(of: execution)
            cloud.advance(by: .seconds(1))
            #expect(try await end.status == "Failed")
            #expect(try await end.action("A")?.jobs.first?.status == "TimedOut")
            #expect(code { try bench.succeed(job) } == "InvalidJobStateException")
            cloud.codePipeline.behavior.lateResult = .jobNotFound
            #expect(code { try bench.succeed(job) } == "JobNotFoundException")
        }
    }

    @Test("Jobs carry the store's key, and no credentials where there are no artifacts")
    func jobData() async throws {
        var options = LocalCloud.Options()
        options.encryptionKeyID = "arn:aws:kms:eu-west-1:111122223333:key/k"
        try await LocalCloud.withRunning(options) { cloud in
            let bench = try Bench(cloud)
            try bench.create(
                [.init("A", Bench.type), .init("B", Bench.type, outputs: ["LongArtifactName"])],
                name: "AVeryLongPipelineName"
            )
            _ = try cloud.codePipeline.start("AVeryLongPipelineName")
            let jobs = try bench.poll()
            #expect(jobs.allSatisfy { $0["data"]?["encryptionKey"]?["id"]?.string == options.encryptionKeyID })
            #expect(jobs[0]["data"]?["artifactCredentials"] == nil)
            #expect(jobs[1]["data"]?["artifactCredentials"]?["sessionToken"] != nil)
            let key = jobs[1]["data"]?["outputArtifacts"]?[0]?["location"]?["s3Location"]?["objectKey"]?.string
            #expect(key?.hasPrefix("AVeryLongPipelineNam/LongArtifa/") == true)
            #expect(jobs[1]["data"]?["outputArtifacts"]?[0]?["__type"] == "Artifact")
            cloud.codePipeline.behavior.emitsNestedTypes = false
            let details = try cloud.codePipeline.call("GetJobDetails", ["jobId": jobs[1]["id"] ?? ""])
            #expect(details?["jobDetails"]?["data"]?["outputArtifacts"]?[0]?["__type"] == nil)
        }
    }

    @Test(
        "A value that's one too long is refused, the longest is not",
        arguments: [
            ("PutJobFailureResult", "failureDetails.message", 5_000),
            ("PutJobFailureResult", "failureDetails.externalExecutionId", 1_500),
            ("PutJobSuccessResult", "executionDetails.summary", 2_048),
            ("PutJobSuccessResult", "executionDetails.externalExecutionId", 1_500),
            ("PutJobSuccessResult", "continuationToken", 2_048),
            ("PutJobSuccessResult", "currentRevision.revision", 1_500),
            ("PutJobSuccessResult", "currentRevision.changeIdentifier", 100),
            ("PutJobSuccessResult", "currentRevision.revisionSummary", 2_048),
            ("AcknowledgeJob", "nonce", 50),
        ]
    )
    func limits(operation: String, member: String, limit: Int) async throws {
        try await LocalCloud.withRunning { cloud in
            func result(_ value: String) -> String? {
                var input: JSON = ["jobId": "00000000-0000-0000-0000-000000000000"]
                if operation == "AcknowledgeJob" { input["nonce"] = "3" }
                if operation == "PutJobFailureResult" {
                    input["failureDetails"] = ["type": "JobFailed", "message": "m"]
                }
                if member.hasPrefix("currentRevision") {
                    input["currentRevision"] = ["revision": "r", "changeIdentifier": "c"]
                }
                let path = member.split(separator: ".").map(String.init)
                if path.count == 1 {
                    input[path[0]] = .string(value)
                } else {
                    var outer = input[path[0]] ?? [:]
                    outer[path[1]] = .string(value)
                    input[path[0]] = outer
                }
                return code { try cloud.codePipeline.call(operation, input) }
            }
            #expect(result(String(repeating: "x", count: limit)) == "JobNotFoundException")
            #expect(result(String(repeating: "x", count: limit + 1)) == "ValidationException")
            #expect(result("") == "ValidationException")
        }
    }

    @Test("Replies look on the wire as AWS's do: a request id, no body after a result, errors with a type")
    func wire() async throws {
        try await LocalCloud.withRunning { cloud in
            cloud.codePipeline.behavior.verifiesSignatures = false
            let bench = try Bench(cloud)
            try bench.create([.init("A", Bench.type)])
            _ = try cloud.codePipeline.start("P")
            let job = try bench.claim()
            let url = cloud.codePipelineURL
            func send(_ operation: String, _ body: JSON) async throws -> String {
                try await curl(
                    "-i",
                    "-X",
                    "POST",
                    "-H",
                    "Content-Type: application/x-amz-json-1.1",
                    "-H",
                    "X-Amz-Target: CodePipeline_20150709.\(operation)",
                    "-d",
                    body.text,
                    url
                ).output
            }
            let done = try await send("PutJobSuccessResult", ["jobId": job["id"] ?? ""])
            #expect(done.hasPrefix("HTTP/1.1 200") && done.hasSuffix("\r\n\r\n"))
            #expect(done.contains("x-amzn-RequestId: ") && done.contains("Content-Length: 0"))
            let error = try await send("PutJobSuccessResult", [:])
            #expect(error.hasPrefix("HTTP/1.1 400"))
            #expect(error.contains(#""__type":"ValidationException""#))
            #expect(error.contains("1 validation error detected: Value null at 'jobId' failed to satisfy constraint"))
            #expect(try await send("PollForJobs", ["actionTypeId": "x"]).contains("SerializationException"))
            #expect(try await send("Nonsense", [:]).contains("UnknownOperationException"))
            cloud.codePipeline.behavior.verifiesSignatures = true
            #expect(try await send("ListPipelines", [:]).contains("MissingAuthenticationTokenException"))
            #expect(cloud.journal.operations.first == "PutJobSuccessResult")
            #expect(cloud.journal.entries.first?.facts["jobId"] == job["id"]?.string)
        }
    }
}
