import Foundation
import LocalCloud
import QualiCore
import Testing

// The lab and the pipeline of a row.
extension MovingCase {
    static let version = "9"

    /// What the stand-ins are like.
    func options(_ clock: LocalClock) -> LocalCloud.Options {
        var options = LocalCloud.Options()
        options.clock = clock
        options.blueprints = blueprints
        options.lab.tokenLifetime = .seconds(60 * (lab.tokenMinutes ?? 300))
        options.lab.afterEnd = lab.forgetsEnded == true ? .notFound : .ended
        options.lab.refusesRepeatedStop = lab.refusesRepeatedStop ?? false
        options.lab.failingStops = lab.failingStops ?? 0
        if hasKey { options.encryptionKeyID = "arn:aws:kms:eu-west-1:111122223333:key/1" }
        return options
    }

    private var blueprints: [LabBlueprint] {
        let minutes: [(String, LabBlueprint.Setup)] = [
            ("Web lab", .succeeds(after: .seconds(120))), ("Slow lab", .succeeds(after: .seconds(12 * 60))),
            ("Slower lab", .succeeds(after: .seconds(70 * 60))), ("Endless lab", .neverEnds),
            ("Broken lab", .fails(after: .seconds(120))),
        ]
        let names = [
            "A/B lab", "100% lab", "50%25 lab", "Lab #1", "Why? lab", "Über lab", "[v1] a|b", "C&A + D=E; lab", "x:y@z",
            #"back\slash"#, "../lab", "\"quoted\"", "Private lab", "Picky lab",
        ]
        let setups = minutes + names.map { ($0, .succeeds(after: .seconds(120))) }
        return setups.enumerated().map { place, setup in
            var blueprint = LabBlueprint(
                name: setup.0,
                id: "c6abccb6-71eb-423b-b754-\(String(477_000_000_000 + place))",
                inputs: [LabInput("Release", default: "latest")],
                components: (lab.components ?? ["web-1", "web-2", "db-main"]).map {
                    LabComponent(name: $0, kind: .resource, model: "Shell", commands: Self.commands)
                },
                commands: Self.commands,
                setup: setup.1,
                teardown: .succeeds(after: .seconds(60))
            )
            blueprint.isPublic = blueprint.name != "Private lab"
            if blueprint.name == "Picky lab" { blueprint.inputs.append(LabInput("Cloud")) }
            return blueprint
        }
    }

    private static let commands = [
        LabCommand(name: "install", params: [.init("Package")], duration: .zero),
        LabCommand(name: "needs", params: [.init("Package", isMandatory: true)], duration: .zero),
        LabCommand(name: "fails", duration: .zero, outcome: .failed("disk full")),
        LabCommand(name: "errs", duration: .zero, outcome: .ends(status: "Error", output: "disk full")),
        LabCommand(name: "breaks off", duration: .zero, outcome: .ends(status: "Cancelled", output: nil)),
        LabCommand(name: "stops", duration: .zero, outcome: .ends(status: "Stopped", output: nil)),
        LabCommand(name: "succeeds", duration: .zero, outcome: .ends(status: "Succeeded", output: "fine")),
        LabCommand(name: "says ü", duration: .zero, outcome: .completed("für")),
        LabCommand(name: "takes 10 minutes", duration: .seconds(600)),
        LabCommand(name: "takes 40 minutes", duration: .seconds(2_400)),
        LabCommand(name: "hangs", outcome: .never),
    ]

    /// Registers the types as the original's files define them, and begins a pipeline with the one action of the row.
    ///
    /// - Returns: The pipeline's execution, and the sandbox that was there before.
    func begin(_ cloud: LocalCloud, moveOn: (Duration) -> Void) async throws -> (execution: String, sandbox: String?) {
        let types: [Action: VirtualPipeline.ActionType] = [
            .start: .init(category: "Deploy", provider: "Quali-Start-Sandbox", version: Self.version),
            .run: .init(category: "Test", provider: "Quali-Run-Command", version: Self.version),
            .end: .init(category: "Deploy", provider: "Quali-End-Sandbox", version: Self.version),
        ]
        let properties: [Action: (required: [String], optional: [String])] = [
            // A definition of one's own may say that the duration may be left out, for which the original had a default.
            .start: (
                ["BlueprintName"] + (self.properties["DurationInMinutes"] == nil ? [] : ["DurationInMinutes"]),
                ["InputsJSON", "SandboxName"]
            ),
            .run: (["ComponentName", "CommandName"], ["ArgumentsJSON"]), .end: ([], []),
        ]
        for (action, type) in types {
            try cloud.codePipeline.register(
                type,
                required: properties[action]?.required ?? [],
                optional: properties[action]?.optional ?? [],
                inputs: action == .start ? 0...0 : 0...1,
                outputs: action == .start ? 0...1 : 0...0
            )
        }
        var sandbox: String?
        if action != .start { sandbox = try await storeArtifact(cloud, moveOn: moveOn) }
        let artifacts = hasArtifact ? [action == .start ? "Sandbox" : "SourceOutput"] : []
        let type = try #require(types[action])
        let step = VirtualPipeline.Action(
            "It",
            type,
            self.properties,
            inputs: action == .start ? [] : artifacts,
            outputs: action == .start ? artifacts : []
        )
        try cloud.create(VirtualPipeline("P", stages: [.init("Lab", [step])]))
        let execution = try cloud.codePipeline.start("P")
        if isMissing {
            for key in cloud.s3.keys(in: cloud.options.artifactBucket) {
                cloud.s3.removeObject(bucket: cloud.options.artifactBucket, key: key)
            }
        }
        if lab.refusesLogins == true { cloud.lab.behavior.refusesLogins = true }
        return (execution, sandbox)
    }

    /// Starts a sandbox and stores what tells of it.
    private func storeArtifact(_ cloud: LocalCloud, moveOn: (Duration) -> Void) async throws -> String {
        let login: JSON = ["username": "admin", "password": "admin", "domain": "Global"]
        let token = try await ask(cloud, "PUT", "/api/login", login).string ?? ""
        let body: JSON = ["name": "Web lab - CodePipeline", "duration": "PT300M"]
        let started = try await ask(cloud, "POST", "/api/v2/blueprints/Web%20lab/start", body, token)
        let id = started["id"]?.string ?? ""
        moveOn(.seconds(150))
        if lab.sandbox == .ended || lab.sandbox == .ending {
            _ = try await ask(cloud, "POST", "/api/v2/sandboxes/\(id)/stop", ["": ""], token)
            // A lab may still tell the state from before, once.
            _ = try await ask(cloud, "GET", "/api/v2/sandboxes/\(id)", ["": ""], token)
            if lab.sandbox == .ended { moveOn(.seconds(90)) }
        }
        let named = lab.sandbox == .unknown ? "00000000-0000-4000-8000-000000000000" : id
        let text = artifact ?? started.text.replacing(id, with: named)
        let content = Data(text.replacing("{id}", with: named).replacing("{ID}", with: named.uppercased()).utf8)
        cloud.s3.put(
            isPacked ? try ArtifactArchive.zip([.init(path: "sandbox.json", content: content)]) : content,
            bucket: cloud.options.artifactBucket,
            key: "source.zip"
        )
        return id
    }

    private func ask(_ cloud: LocalCloud, _ method: String, _ path: String, _ body: JSON, _ token: String? = nil)
        async throws -> JSON
    {
        let headers = [("Content-Type", "application/json")] + (token.map { [("Authorization", "Basic \($0)")] } ?? [])
        let request = LocalRequest(
            method: method,
            path: path,
            headers: headers.map { (name: $0.0, value: $0.1) },
            body: body.data
        )
        return try JSON(parsing: await cloud.answer(request, at: cloud.lab).body)
    }

    /// Whether what the job is about goes on in the lab.
    func isUnderWay(_ cloud: LocalCloud) -> Bool {
        action == .start
            ? cloud.lab.sandboxes.contains { $0.state == .setup }
            : cloud.lab.executions.contains { $0.status == .running }
    }

    // MARK: What came of it

    /// How the action has ended, and what there is to see in the lab and in the store.
    ///
    /// `old` is the sandbox that was there before.
    func ending(of report: ActionReport, _ cloud: LocalCloud, besides old: String?) -> Ending {
        var parts: [String] = []
        for sandbox in cloud.lab.sandboxes where sandbox.id != old {
            parts.append("starts " + Self.words(of: sandbox))
        }
        for execution in cloud.lab.executions {
            let target = execution.componentName.map { "'\($0)'" } ?? "the sandbox"
            let arguments = execution.arguments.map { " \($0.name)=\($0.value)" }.sorted().joined()
            let isCancelled = execution.cancelRequested != nil
            parts.append("\(execution.command.name)\(arguments) on \(target)\(isCancelled ? ", cancelled" : "")")
        }
        if lab.sandbox == nil, let old, cloud.lab.sandbox(id: old)?.wasStopped == true { parts.append("ends it") }
        var end = report.status == "Failed" ? report.errorCode ?? "" : report.status
        if end == "InProgress" { end = "Waits" }
        if action == .start, let stored = cloud.artifact("Sandbox", of: report) {
            let packed = try? ArtifactArchive.read(stored) { $0 == "sandbox.json" }.first?.content
            let id = (try? JSON(parsing: packed ?? stored))?["id"]?.string
            let form = packed == nil ? "JSON" : "a ZIP"
            parts.append(id != nil && id == cloud.lab.sandboxes.first?.id ? "stores \(form)" : "stores no sandbox")
            if reader != nil, packed != nil { end = "Fails there" }
        }
        return Ending(text: parts.isEmpty ? end : "\(end): \(parts.joined(separator: "; "))")
    }

    private static func words(of sandbox: LabSandbox) -> String {
        var name = sandbox.name
        if let tag = SandboxTag(endOf: name) { name = name.replacing(tag.description, with: "[tag]") }
        let minutes = Int((sandbox.endTime ?? sandbox.startTime).timeIntervalSince(sandbox.startTime) / 60)
        let inputs = sandbox.inputs.filter { $0 != ("Release", "latest") }.map { " \($0.name)=\($0.value)" }
        return "'\(name)' for \(minutes) min\(inputs.sorted().joined())\(sandbox.wasStopped ? ", ended" : "")"
    }
}
