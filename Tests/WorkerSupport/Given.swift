import HTTPTransport
package import WorkerSettings

/// Settings for tests.
package enum Given {
    /// Everything that has no default, and no home, so that the host's own AWS files aren't read.
    package static let environment = [
        "HOME": "/nonexistent", "CLOUDSHELL_URL": "https://lab.example.com:3443", "CLOUDSHELL_USER": "ci",
        "CLOUDSHELL_PASSWORD": "a secret", "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI", "AWS_EC2_METADATA_DISABLED": "true",
    ]

    /// The settings of an environment with changes; an empty value takes a name away.
    package static func settings(
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
    package static func problems(
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
package struct NoTerminal: Prompting {
    package init() {}

    package var isThere: Bool { false }

    package func ask(_ name: String, isSecret: Bool) throws -> String {
        throw SettingsError(problems: [SettingProblem(name: name, message: "was asked for without a terminal")])
    }
}

/// A terminal with somebody who answers, and a note of what was asked.
package final class ScriptedTerminal: Prompting {
    private let answers: [String: String]
    private let questions = Locked<[String]>([])

    package init(_ answers: [String: String]) {
        self.answers = answers
    }

    /// What was asked for; secrets with a star.
    package var asked: [String] { questions.withLock { $0 } }

    package var isThere: Bool { true }

    package func ask(_ name: String, isSecret: Bool) throws -> String {
        questions.withLock { $0.append(isSecret ? name + "*" : name) }
        return answers[name] ?? ""
    }
}
