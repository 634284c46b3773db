import Foundation
import LocalCloud
import QualiCore
import Testing

@Suite("Bad input fails with the right type and a message that names it", .timeLimit(.minutes(5)))
struct BadInputTests {
    /// How a failure names a property; one that may hold secrets isn't quoted.
    private static func beginning(_ name: String, _ value: String) -> String {
        name.hasSuffix("JSON") ? "The property '\(name)' should be " : "'\(name)' is '\(value)'"
    }

    /// The failure of the last action of a pipeline.
    ///
    /// CodePipeline checks the type of a number when a pipeline is saved, but not of one that comes from a variable.
    private func failure(
        _ site: Site,
        _ actions: VirtualPipeline.Action...,
        variables: [String: String] = [:]
    ) async throws -> (type: String, message: String) {
        let execution = try site.begin(actions, variables: variables)
        let end = try await site.cloud.codePipeline.end(of: execution)
        let last = try #require(end.actions.last)
        #expect(last.name == actions.last?.name)
        #expect(last.status == "Failed")
        return (last.errorCode ?? "", last.errorMessage ?? "")
    }

    @Test(arguments: [
        ("InputsJSON", "{"), ("InputsJSON", "[1, 2]"), ("InputsJSON", #"{"a": {}}"#), ("DurationInMinutes", "soon"),
        ("DurationInMinutes", "0"), ("DurationInMinutes", "-5"), ("SetupTimeoutInMinutes", "x"),
        ("OnSetupFailure", "Maybe"), ("ArtifactFormat", "rar"), ("WaitForResourcesInMinutes", "-1"),
        ("OptionsJSON", "{"),
    ])
    func `a malformed property of the start action`(name: String, value: String) async throws {
        try await Site.withRunning { site in
            let failure = try await failure(site, Site.startAction([name: "#{variables.It}"]), variables: ["It": value])
            #expect(failure.type == "ConfigurationError")
            #expect(failure.message.contains(Self.beginning(name, value)))
            #expect(site.lab.sandboxes.isEmpty)
        }
    }

    @Test(arguments: [
        ("ArgumentsJSON", "5"), ("ArgumentsJSON", "{]"), ("TimeoutInMinutes", "0"), ("OnCommandFailure", "Ignore"),
    ])
    func `a malformed property of the run action`(name: String, value: String) async throws {
        try await Site.withRunning { site in
            let run = Site.runAction(
                "SANDBOX",
                "health-check",
                [name: "#{variables.It}", "SandboxId": "x"],
                inputs: []
            )
            let failure = try await failure(site, run, variables: ["It": value])
            #expect(failure.type == "ConfigurationError")
            #expect(failure.message.contains(Self.beginning(name, value)))
        }
    }

    @Test(arguments: [("WaitForTeardown", "perhaps"), ("TeardownTimeoutInMinutes", "1.5")])
    func `a malformed property of the end action`(name: String, value: String) async throws {
        try await Site.withRunning { site in
            let failure = try await failure(
                site,
                Site.endAction([name: "#{variables.It}", "SandboxId": "x"], inputs: []),
                variables: ["It": value]
            )
            #expect(failure.type == "ConfigurationError")
            #expect(failure.message.contains(Self.beginning(name, value)))
        }
    }

    @Test(arguments: [true, false])
    func `a blueprint that is missing or private`(isPrivate: Bool) async throws {
        var blueprint = Site.blueprint("Secret lab")
        blueprint.isPublic = false
        try await Site.withRunning(blueprints: [Site.blueprint(), blueprint]) { site in
            let name = isPrivate ? "Secret lab" : "No lab"
            let failure = try await failure(site, Site.startAction(["BlueprintName": name]))
            #expect(failure.type == "ConfigurationError")
            #expect(failure.message.contains("'BlueprintName' is '\(name)'"))
            #expect(failure.message.contains("Web lab"))
        }
    }

    @Test func `a mandatory input that is missing`() async throws {
        var blueprint = Site.blueprint()
        blueprint.inputs.append(LabInput("Target Cloud"))
        try await Site.withRunning(blueprints: [blueprint]) { site in
            let failure = try await failure(site, Site.startAction())
            #expect(failure.type == "ConfigurationError")
            #expect(failure.message.contains("not given: 'Target Cloud'"))
        }
    }

    @Test func `no artifact and no id`() async throws {
        try await Site.withRunning { site in
            let failure = try await failure(site, Site.runAction("SANDBOX", "health-check", inputs: []))
            #expect(failure.type == "ConfigurationError")
            #expect(failure.message.contains("neither an input artifact nor the property 'SandboxId'"))
        }
    }

    @Test(arguments: [true, false])
    func `an artifact that isn't in S3`(isHidden: Bool) async throws {
        var options = LocalCloud.Options()
        options.s3.hidesAbsentObjectsFromJobs = isHidden
        try await Site.withRunning(options) { site in
            let codePipeline = site.cloud.codePipeline
            try codePipeline.register(.init(category: "Build", provider: "Forgetful", version: "1"))
            let execution = try site.begin([
                .init("Forget", .init(category: "Build", provider: "Forgetful", version: "1"), outputs: ["Lost"]),
                Site.runAction("SANDBOX", "health-check", inputs: ["Lost"]),
            ])
            // The action succeeds without having stored what it makes.
            let type: JSON = ["category": "Build", "owner": "Custom", "provider": "Forgetful", "version": "1"]
            let job = try #require(try codePipeline.call("PollForJobs", ["actionTypeId": type])?["jobs"]?[0])
            let id = job["id"] ?? ""
            try codePipeline.call("AcknowledgeJob", ["jobId": id, "nonce": job["nonce"] ?? ""])
            try codePipeline.call("PutJobSuccessResult", ["jobId": id])
            let action = try #require(try await codePipeline.end(of: execution).action("Run"))
            #expect(action.status == "Failed")
            #expect(action.errorCode == (isHidden ? "PermissionError" : "RevisionUnavailable"))
            let message = action.errorMessage ?? ""
            #expect(message.contains("'Lost'"))
            #expect(message.contains(isHidden ? "S3 says AccessDenied" : "it isn't there"))
            #expect(message.contains("the action which makes"))
        }
    }

    @Test(arguments: [
        (Data(#"{"name": "x"}"#.utf8), "has no 'id'"), (Data("PK\u{3}\u{4}junk".utf8), "archive"),
        (Data("hello".utf8), "no ZIP or tar archive"), (HostileArchive.escaping, "points outside"),
        (HostileArchive.bomb, "more than 256 MiB"), (HostileArchive.cut, "archive"),
    ])
    func `an artifact that is no sandbox's`(content: Data, words: String) async throws {
        try await Site.withRunning { site in
            site.cloud.s3.put(content, bucket: site.cloud.options.artifactBucket, key: "source.zip")
            let failure = try await failure(site, Site.endAction(inputs: ["SourceOutput"]))
            #expect(failure.type == "ConfigurationError")
            #expect(failure.message.contains("'SourceOutput'"))
            #expect(failure.message.contains(words) || words == "archive" && failure.message.contains("damaged"))
        }
    }

    @Test func `an artifact that is too large`() async throws {
        try await Site.withRunning { site in
            let content = Data(repeating: 0, count: (64 << 20) + 1)
            site.cloud.s3.put(content, bucket: site.cloud.options.artifactBucket, key: "source.zip")
            let failure = try await failure(site, Site.endAction(inputs: ["SourceOutput"]))
            #expect(failure.type == "ConfigurationError")
            #expect(failure.message.contains("larger than 64 MiB"))
        }
    }

    @Test func `an archive of the user's own with the document in it is fine`() async throws {
        try await Site.withRunning { site in
            let first = try await site.pipeline(Site.startAction())
            let id = try #require(first.action("Start")?.externalExecutionID)
            let archive = try ArtifactArchive.zip([
                .init(path: "README.md", content: Data("x".utf8)),
                .init(path: "lab/sandbox.json", content: Data(#"{"id": "\#(id)"}"#.utf8)),
            ])
            site.cloud.s3.put(archive, bucket: site.cloud.options.artifactBucket, key: "source.zip")
            let end = try await site.pipeline(Site.endAction(inputs: ["SourceOutput"]))
            #expect(end.status == "Succeeded")
            #expect(site.lab.sandboxesNotStopped.isEmpty)
        }
    }

    @Test func `a pattern that is unknown, ambiguous, invalid or endless`() async throws {
        var blueprint = Site.blueprint()
        blueprint.components.append(
            LabComponent(name: String(repeating: "a", count: 60) + "!", kind: .resource, model: "M")
        )
        try await Site.withRunning(blueprints: [blueprint]) { site in
            for (pattern, words) in [
                ("nothing", "names no component"), ("core-.*", "several components"), ("web(", "no valid regular"),
                ("(a+)+b|(a|aa)+c|(.*a){30}", "takes too long"),
            ] {
                let failure = try await failure(site, Site.startAction(), Site.runAction(pattern, "install"))
                #expect(failure.type == "ConfigurationError")
                #expect(failure.message.contains("'ComponentName' is '\(pattern)'"))
                #expect(failure.message.contains(words))
            }
        }
    }

    @Test func `an unknown command`() async throws {
        try await Site.withRunning { site in
            let failure = try await failure(site, Site.startAction(), Site.runAction("web-server.*", "reboot"))
            #expect(failure.type == "ConfigurationError")
            #expect(failure.message.contains("'CommandName' is 'reboot'"))
            #expect(failure.message.contains("'install'"))
        }
    }

    @Test func `a missing mandatory argument`() async throws {
        try await Site.withRunning { site in
            let failure = try await failure(site, Site.startAction(), Site.runAction("web-server.*", "install"))
            #expect(failure.type == "ConfigurationError")
            #expect(failure.message.contains("Package"))
        }
    }

    @Test func `a lab's token that expires is renewed without anybody noticing`() async throws {
        try await Site.withRunning { site in
            let execution = try site.begin([
                Site.startAction(), Site.runAction("SANDBOX", "health-check"), Site.endAction(),
            ])
            _ = try await site.cloud.journal.first("startSandbox")
            site.lab.forgetTokens()
            let end = try await site.cloud.codePipeline.end(of: execution)
            #expect(end.status == "Succeeded")
        }
    }
}

/// Archives that mean harm.
private enum HostileArchive {
    /// A tar archive with one file of a name that leads out of it.
    static let escaping = tar(name: "../../etc/sandbox.json", content: Data(#"{"id":"x"}"#.utf8))

    /// A ZIP archive that ends early.
    static let cut =
        (try? ArtifactArchive.zip([.init(path: "sandbox.json", content: Data(repeating: 65, count: 9_000))]))
        .map { $0.prefix(80) } ?? Data()

    /// A small ZIP archive that unpacks to more than 256 MiB.
    static let bomb = (try? ArtifactArchive.zip([.init(path: "zeros", content: Data(count: 257 << 20))])) ?? Data()

    private static func tar(name: String, content: Data) -> Data {
        var header = Data(count: 512)
        func write(_ text: String, at offset: Int) {
            header.replaceSubrange(offset..<offset + text.utf8.count, with: Data(text.utf8))
        }
        write(name, at: 0)
        write("0000644\0", at: 100)
        write(
            String(repeating: "0", count: 11 - String(content.count, radix: 8).count) + String(content.count, radix: 8),
            at: 124
        )
        write("00000000000\0", at: 136)
        write("        ", at: 148)
        write("0", at: 156)
        write("ustar\u{0}00", at: 257)
        let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
        write(String(repeating: "0", count: 6 - sum.count) + sum + "\0 ", at: 148)
        return header + content + Data(count: 512 - content.count % 512) + Data(count: 1_024)
    }
}
