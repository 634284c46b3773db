import AWSLite
import Foundation
import LocalCloud
import QualiCore
import Testing

@Suite("A check of AWS", .timeLimit(.minutes(2)))
struct AWSCheckTests {
    @Test("finds all well at the stand-ins, and says so in words and in JSON")
    func well() async throws {
        try await Checkup.withCloud { cloud in
            let checkup = try await Checkup.run(cloud)
            #expect(checkup.status == 0, "\(checkup)")
            #expect(checkup.names("failed").isEmpty)
            // The stand-in of the lab is plain http.
            #expect(checkup.names("warning") == ["lab TLS"])
            #expect(checkup.names("not_tried") == ["CodePipeline TLS", "STS TLS", "right PollForJobs"])
            #expect(checkup["AWS identity"]?.evidence.contains(LocalSTS.callerARN) == true)
            let poll = checkup["right PollForJobs"]?.fix ?? ""
            #expect(poll.contains("--action-names codepipeline:PollForJobs"))
            #expect(poll.contains(LocalSTS.callerARN))
            // Without them a policy for these types alone looks like a denial.
            let arns = poll.components(separatedBy: " --resource-arns ").last?.split(separator: " ").map(String.init)
            let policy = IAMPolicy(
                for: .worker,
                types: QualiActions().typeIDs,
                region: cloud.options.region,
                account: String(LocalSTS.callerARN.split(separator: ":", omittingEmptySubsequences: false)[4])
            )
            #expect(arns == policy.statements.first { $0.id == "PollForJobs" }?.resources)
            #expect(arns?.count == 6)
            #expect(Set(cloud.journal.operations).isSuperset(of: ["AcknowledgeJob", "deleteToken"]))
            #expect(cloud.journal.operations.filter { $0 == "login" }.count == 1)

            let json = try await program("check", "--json", environment: cloud.environment)
            let report = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
            #expect(report?["schema_version"] as? Int == 1)
            for object in try #require(report?["checks"] as? [[String: Any]]) {
                #expect(Set(object.keys) == ["name", "status", "evidence", "fix"])
            }
            let text = try await program("check", environment: cloud.environment)
            #expect(text.status == 0, "\(text)")
            #expect(text.output.hasSuffix("\nAll is well, 1 warning, 3 not tried.\n"))
            #expect(!text.output.contains("\u{1B}"))
            #expect(text.output.split(separator: "\n").filter { $0.hasPrefix("✓") }.count == checkup.names("ok").count)
        }
    }

    @Test("tells a missing region, and tries what needs none")
    func noRegion() async throws {
        try await Checkup.withCloud { cloud in
            let checkup = try await Checkup.run(cloud, ["AWS_REGION": "", "AWS_DEFAULT_REGION": ""])
            #expect(checkup.status == 64)
            checkup.expect("setting AWS_REGION", fix: "set AWS_REGION: ", "eu-west-1")
            #expect(checkup["right AcknowledgeJob"]?.evidence == "AWS_REGION is missing or wrong")
            #expect(checkup["lab login"]?.status == "ok")
        }
    }

    @Test("tells that there are no credentials")
    func noCredentials() async throws {
        try await Checkup.withCloud { cloud in
            let checkup = try await Checkup.run(cloud, ["AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""])
            #expect(checkup.status == 1)
            checkup.expect("AWS credentials", fix: "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "role")
            #expect(checkup["right AcknowledgeJob"]?.status == "not_tried")
            #expect(!cloud.journal.operations.contains("AcknowledgeJob"))
        }
    }

    @Test("tells an access key that AWS doesn't know, and a secret that isn't the key's")
    func wrongKeys() async throws {
        try await Checkup.withCloud { cloud in
            let unknown = try await Checkup.run(cloud, ["AWS_ACCESS_KEY_ID": "AKIASTRANGER"])
            #expect(unknown.status == 1)
            unknown.expect("AWS identity", fix: "doesn't know the access key", evidence: "InvalidClientTokenId")
            #expect(unknown["right AcknowledgeJob"]?.evidence == "AWS doesn't take the credentials")
            let wrong = try await Checkup.run(cloud, ["AWS_SECRET_ACCESS_KEY": "hidden"])
            wrong.expect("AWS identity", fix: "check AWS_SECRET_ACCESS_KEY", evidence: "SignatureDoesNotMatch")
            // Without STS, CodePipeline tells.
            let other = ["AWS_ENDPOINT_URL_STS": "", "AWS_SECRET_ACCESS_KEY": "hidden"]
            let untold = try await Checkup.run(cloud, other)
            untold.expect("AWS identity", fix: "check AWS_SECRET_ACCESS_KEY", evidence: "InvalidSignatureException")
        }
    }

    @Test("tells a session that has ended, and one that nobody renews")
    func sessions() async throws {
        try await Checkup.withCloud { cloud in
            let past = try await Checkup.run(cloud, ["AWS_CREDENTIAL_EXPIRATION": "2020-01-01T00:00:00Z"])
            past.expect("AWS credentials", fix: "give this host a role", evidence: "has passed")
            let fault = Fault.status(403, code: "ExpiredToken", message: "The security token has expired")
            cloud.faults.inject(fault, on: "GetCallerIdentity")
            let ended = try await Checkup.run(cloud, ["AWS_SESSION_TOKEN": "hidden"])
            ended.expect("AWS identity", fix: "renew them", evidence: "ExpiredToken")
            ended.expect("AWS credentials", "warning", fix: "AWS_PROFILE")
        }
    }

    @Test(
        "tells each right that is missing, with the command that gives it",
        arguments: ["AcknowledgeJob", "GetJobDetails", "PutJobSuccessResult", "PutJobFailureResult"]
    )
    func missingRight(operation: String) async throws {
        try await Checkup.withCloud { cloud in
            let message = "User: x is not authorized to perform: codepipeline:\(operation)"
            let denied = Fault.status(400, code: "AccessDeniedException", message: message)
            cloud.faults.inject(denied, on: operation, times: .max)
            let checkup = try await Checkup.run(cloud)
            #expect(checkup.status == 1)
            #expect(checkup.names("failed") == ["right \(operation)"])
            checkup.expect(
                "right \(operation)",
                fix: "aws iam attach-user-policy --user-name local-cloud",
                "arn:aws:iam::aws:policy/AWSCodePipelineCustomActionAccess",
                "quali-worker actions policy",
                evidence: message
            )
        }
    }

    @Test(
        "names whoever answers in AWS's place, once, and no right",
        arguments: [
            Fault.page(403, type: "text/html", body: "<html>Blocked</html>"),
            .page(200, type: "text/html", body: "<html>Log in</html>"), .page(200),
        ]
    )
    func box(fault: Fault) async throws {
        try await Checkup.withCloud { cloud in
            for service in ["codepipeline", "sts"] { cloud.faults.inject(fault, service: service, times: .max) }
            let checkup = try await Checkup.run(cloud)
            #expect(checkup.status == 1)
            #expect(checkup.names("failed") == ["right ListActionTypes"], "\(checkup)")
            checkup.expect("right ListActionTypes", fix: "a web filter", "HTTPS_PROXY", evidence: "MalformedReply")
            #expect(checkup["right AcknowledgeJob"]?.evidence == "something in between answers for CodePipeline, too")
            #expect(!checkup.lines.contains { $0.fix?.contains("iam attach") == true })
        }
    }

    @Test("warns of the rights that a worker can do without")
    func optionalRight() async throws {
        try await Checkup.withCloud { cloud in
            cloud.faults.inject(.status(400, code: "AccessDeniedException"), on: "ListActionExecutions")
            cloud.faults.inject(.status(400, code: "AccessDeniedException"), on: "ListActionTypes")
            let checkup = try await Checkup.run(cloud)
            #expect(checkup.status == 0)
            checkup.expect(
                "right ListActionExecutions",
                "warning",
                fix: "quali-worker actions policy",
                evidence: "stopped pipeline"
            )
            checkup.expect("right ListActionTypes", "warning", fix: "quali-worker actions policy --for registrar")
            #expect(checkup["action Quali-Run-Command"]?.evidence == "the action types can't be listed")
        }
    }

    @Test("tells that the action types are missing")
    func noTypes() async throws {
        try await Checkup.withCloud(registering: nil) { cloud in
            let checkup = try await Checkup.run(cloud)
            #expect(checkup.status == 1)
            #expect(checkup.names("failed").count == 3)
            checkup.expect("action Quali-Run-Command", fix: "quali-worker actions install")
        }
    }

    @Test("names the version that is registered instead")
    func otherVersion() async throws {
        var actions = QualiActions()
        actions.version = "9"
        try await Checkup.withCloud(registering: actions) { cloud in
            let checkup = try await Checkup.run(cloud)
            checkup.expect(
                "action Quali-Start-Sandbox",
                fix: "set JOB_WORKER_VERSION=9",
                evidence: "version 1 isn't registered; version 9 is"
            )
            #expect(try await Checkup.run(cloud, arguments: ["--job-worker-version", "9"]).status == 0)
        }
    }

    @Test("names what pipelines can't do with an older definition, and what no job can do without")
    func olderDefinition() async throws {
        try await Checkup.withCloud(registering: nil) { cloud in
            var definitions = QualiActions().definitions()
            let names = ["SandboxName", "OnSetupFailure", "ArtifactFormat"]
            definitions[0].configurationProperties.removeAll { names.contains($0.name) }
            definitions[1].configurationProperties.removeAll { $0.name == "CommandName" }
            definitions[2].inputArtifactDetails.maximumCount = 0
            _ = try await Checkup.registrar(cloud).install(definitions)
            let checkup = try await Checkup.run(cloud)
            #expect(checkup.status == 1)
            let fix = "quali-worker actions install --version 2"
            let settings = "for all pipelines at once there are QUALI_ON_SETUP_FAILURE, QUALI_ARTIFACT_FORMAT"
            checkup.expect(
                "action Quali-Start-Sandbox",
                "warning",
                fix: fix,
                evidence: "SandboxName, OnSetupFailure, ArtifactFormat; \(settings)"
            )
            checkup.expect("action Quali-Run-Command", fix: fix, evidence: "CommandName")
            checkup.expect("action Quali-End-Sandbox", "warning", fix: fix, evidence: "input artifacts")
        }
    }

    @Test("tells that types with a lab's name are polled without one, and the other way round")
    func labName() async throws {
        var actions = QualiActions()
        actions.labName = "paris"
        try await Checkup.withCloud(registering: actions) { cloud in
            let checkup = try await Checkup.run(cloud)
            #expect(checkup.status == 1)
            #expect(checkup.names("failed").count == 3)
            checkup.expect("action Quali-End-Sandbox", fix: "set QUALI_LAB_NAME to", evidence: "queryable")
            #expect(try await Checkup.run(cloud, ["QUALI_LAB_NAME": "berlin"]).status == 0)
        }
        try await Checkup.withCloud { cloud in
            let checkup = try await Checkup.run(cloud, ["QUALI_LAB_NAME": "berlin"])
            #expect(checkup.status == 1)
            checkup.expect("action Quali-Run-Command", fix: "unset QUALI_LAB_NAME", evidence: "no queryable property")
        }
    }

    @Test("tells a clock that is wrong by an hour", arguments: [3_600.0, -3_600])
    func clock(difference: Double) async throws {
        try await Checkup.withCloud { cloud in
            let date = Date(timeIntervalSinceNow: difference).formatted(
                .verbatim(
                    """
                    \(weekday: .abbreviated), \(day: .twoDigits) \(month: .abbreviated) \(year: .defaultDigits) \
                    \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\
                    \(second: .twoDigits) GMT
                    """,
                    locale: Locale(identifier: "en_US_POSIX"),
                    timeZone: .gmt,
                    calendar: Calendar(identifier: .gregorian)
                )
            )
            let wrong = Fault.reply(LocalReply(status: 404, headers: [("Date", date)]))
            cloud.faults.inject(wrong, on: "Unknown", service: "codepipeline")
            cloud.faults.inject(wrong, on: "unknown", service: "lab")
            let checkup = try await Checkup.run(cloud)
            #expect(checkup.status == 1)
            let evidence = difference > 0 ? "minutes behind" : "minutes ahead"
            checkup.expect("CodePipeline clock", fix: "timedatectl set-ntp true", evidence: evidence)
            checkup.expect("lab clock", "warning", fix: "timedatectl set-ntp true", evidence: evidence)
        }
    }

    @Test("warns of an STS that can't be reached, and doesn't ask AWS's own in a stand-in's place")
    func noSTS() async throws {
        try await Checkup.withCloud { cloud in
            let refused = try await Checkup.run(cloud, ["AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9"])
            #expect(refused.status == 0)
            refused.expect("STS TCP", "warning", fix: "AWS_ENDPOINT_URL_STS")
            #expect(refused["AWS identity"]?.evidence == "STS can't be reached")
            let unset = try await Checkup.run(cloud, ["AWS_ENDPOINT_URL_STS": ""])
            #expect(unset.status == 0)
            #expect(unset["AWS identity"]?.evidence.contains("AWS_ENDPOINT_URL_STS isn't") == true)
        }
    }

    @Test("ends soon where nobody answers")
    func silence() async throws {
        try await Checkup.withCloud { cloud in
            let installed = cloud.journal.count
            cloud.faults.inject(.hang, times: .max)
            let checkup = try await Checkup.run(cloud)
            #expect(checkup.status == 1)
            // Nothing is asked twice, or for longer than ten seconds.
            let asked = cloud.journal.entries.filter { $0.number > installed }
            let times = Dictionary(grouping: asked) { "\($0.service) \($0.operation)" }.mapValues(\.count)
            #expect(times.values.allSatisfy { $0 == 1 }, "\(times)")
            let waits = checkup.lines.flatMap { $0.evidence.matches(of: /timed out after (\d+) milliseconds/) }
                .compactMap { Int($0.1) }
            #expect(waits.count >= asked.count)
            // libcurl may give up a millisecond early.
            #expect(waits.allSatisfy { (9_990..<20_000).contains($0) }, "\(waits)")
            // The rights are asked for at once; one after the other they would take a minute.
            let rights = asked.filter { $0.service == "codepipeline" && $0.operation != "Unknown" }.map(\.arrived)
            #expect(rights.count == 8)
            let (first, last) = (try #require(rights.min()), try #require(rights.max()))
            #expect(last.timeIntervalSince(first) < 25)
            checkup.expect("right AcknowledgeJob", "warning", fix: "firewall")
            checkup.expect("lab login", fix: "Sandbox API service runs")
        }
    }
}
