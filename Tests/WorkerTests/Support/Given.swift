import Foundation
import HTTPTransport
import LocalCloud
import TestSupport

@testable import worker

/// Settings for tests.
enum Given {
    /// Everything that has no default, and no home, so that the host's own AWS files aren't read.
    static let environment = [
        "HOME": "/nonexistent", "CLOUDSHELL_URL": "https://lab.example.com:3443", "CLOUDSHELL_USER": "ci",
        "CLOUDSHELL_PASSWORD": "a secret", "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI", "AWS_EC2_METADATA_DISABLED": "true",
    ]

    /// The environment of a worker at the stand-ins, without a lab.
    static func workerEnvironment(_ cloud: LocalCloud) -> [String: String] {
        let lab = [
            "CLOUDSHELL_URL": "http://127.0.0.1:9", "CLOUDSHELL_USER": "ci", "CLOUDSHELL_PASSWORD": "hidden-password",
            "LOG_LEVEL": "debug", "QUALI_POLL_SECONDS": "0.2",
        ]
        return cloud.environment.merging(lab) { $1 }
    }

    /// Starts a pipeline whose one action, called Start, fails without a lab, and whose executions run side by side.
    ///
    /// - Returns: The execution's id.
    static func failingExecution(in cloud: LocalCloud) throws -> String {
        let configuration = ["BlueprintName": "x", "DurationInMinutes": "-1"]
        let start = VirtualPipeline.Action("Start", .init("Deploy", "Quali-Start-Sandbox", "1"), configuration)
        try cloud.create(VirtualPipeline("Failing", stages: [.init("Lab", [start])], executionMode: "PARALLEL"))
        return try cloud.codePipeline.start("Failing")
    }

    /// The settings of an environment with changes; an empty value takes a name away.
    static func settings(
        _ changes: [String: String] = [:],
        flags: [String: String] = [:],
        file: String? = nil,
        terminal: any Prompting = NoTerminal()
    ) async throws -> WorkerSettings {
        let sources = SettingSources(
            flags: flags,
            environment: environment.merging(changes) { $1 },
            configurationFile: file
        )
        return try await WorkerSettings.read(sources, terminal: terminal)
    }

    /// What is wrong with an environment with changes, by name.
    static func problems(
        _ changes: [String: String] = [:],
        flags: [String: String] = [:],
        file: String? = nil,
        terminal: any Prompting = NoTerminal()
    ) async -> [String: String] {
        do {
            _ = try await settings(changes, flags: flags, file: file, terminal: terminal)
            return [:]
        } catch let error as SettingsError {
            return Dictionary(error.problems.map { ($0.name, $0.message) }) { $0 + " " + $1 }
        } catch {
            return ["?": "\(error)"]
        }
    }
}

/// No terminal at all.
struct NoTerminal: Prompting {
    var isThere: Bool { false }

    func ask(_ name: String, isSecret: Bool) throws -> String {
        throw SettingsError(problems: [SettingProblem(name: name, message: "was asked for without a terminal")])
    }
}

/// A terminal with somebody who answers, and a note of what was asked.
final class ScriptedTerminal: Prompting {
    private let answers: [String: String]
    private let questions = Locked<[String]>([])

    init(_ answers: [String: String]) {
        self.answers = answers
    }

    /// What was asked for; secrets with a star.
    var asked: [String] { questions.withLock { $0 } }

    var isThere: Bool { true }

    func ask(_ name: String, isSecret: Bool) throws -> String {
        questions.withLock { $0.append(isSecret ? name + "*" : name) }
        return answers[name] ?? ""
    }
}
