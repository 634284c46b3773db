import AWSLite
import Foundation
import HTTPTransport
import LocalCloud
import QualiCore
import TestSupport
import Testing

/// A run of `quali-worker check --json` against the stand-ins, with what must hold for every one.
struct Checkup {
    /// A line of the report.
    struct Line: Decodable {
        let name: String
        let status: String
        let evidence: String
        let fix: String?
    }

    /// The secrets of the stand-ins, which must not show up.
    static let labPassword = "canary-of-the-lab"
    static let secretKey = "canary/of/the/access/key"

    let status: Int32
    let lines: [Line]

    /// The line of a check.
    subscript(name: String) -> Line? { lines.first { $0.name == name } }

    /// The names of the lines with a status.
    func names(_ status: String) -> [String] { lines.filter { $0.status == status }.map(\.name) }

    /// Stand-ins with secrets that are nobody else's words.
    static var options: LocalCloud.Options {
        var options = LocalCloud.Options()
        options.labAccount = LabAccount(username: "ci", password: labPassword)
        options.secretAccessKey = secretKey
        return options
    }

    /// Runs stand-ins in which the action types are registered.
    static func withCloud(
        _ options: LocalCloud.Options = options,
        registering actions: QualiActions? = QualiActions(),
        _ body: (LocalCloud) async throws -> Void
    ) async throws {
        try await LocalCloud.withRunning(options) { cloud in
            if let actions { _ = try await registrar(cloud).install(actions.definitions()) }
            try await body(cloud)
        }
    }

    /// Registers types at the stand-ins.
    static func registrar(_ cloud: LocalCloud) throws -> ActionRegistrar {
        let environment = try AWSEnvironment(cloud.environment)
        return ActionRegistrar(
            CodePipeline(
                AWSClientConfiguration(
                    region: cloud.options.region,
                    credentials: environment.credentials,
                    httpClient: try CurlHTTPClient(),
                    endpoint: cloud.codePipelineURL
                )
            )
        )
    }

    /// Runs the program, and sees that it has polled nothing, shown no secret and left its folder as it was.
    ///
    /// `changes` are changes of the stand-ins' environment; an empty value takes a name away. `arguments` are what
    /// follows `check --json`, and `prepare` makes the state folder, or something else in its place.
    static func run(
        _ cloud: LocalCloud,
        _ changes: [String: String] = [:],
        arguments: [String] = [],
        through wrapper: [String] = [],
        prepare: (URL) throws -> Void = { _ in }
    ) async throws -> Checkup {
        try await withTemporaryFolder { folder in
            let state = folder.appendingPathComponent("state")
            try prepare(state)
            let before = try contents(folder)
            let environment = cloud.environment.merging(["QUALI_STATE_DIR": state.path]) { $1 }
                .merging(changes) { $1 }
            let ending = try await ProgramRun(
                ["check", "--json"] + arguments,
                environment: environment,
                through: wrapper,
                in: folder
            ).end()
            #expect(try contents(folder) == before)
            #expect(!cloud.journal.operations.contains("PollForJobs"))
            let said = ending.output + ending.errors
            for secret in [labPassword, secretKey, "hidden"] { #expect(!said.contains(secret)) }
            struct Report: Decodable {
                let well: Bool
                let checks: [Line]
            }
            let report = try JSONDecoder().decode(Report.self, from: Data(ending.output.utf8))
            #expect(report.well == !report.checks.contains { $0.status == "failed" })
            return Checkup(status: ending.status, lines: report.checks)
        }
    }

    /// The names, sizes and times of all files but the program's output.
    private static func contents(_ folder: URL) throws -> [String] {
        let files = FileManager.default
        let paths = try files.subpathsOfDirectory(atPath: folder.path).sorted()
        return try paths.filter { !["output", "errors"].contains($0) }.map { path in
            let facts = try files.attributesOfItem(atPath: folder.appendingPathComponent(path).path)
            let keys: [FileAttributeKey] = [.size, .modificationDate, .posixPermissions]
            return path + keys.map { " \(facts[$0] ?? "")" }.joined()
        }
    }

    /// The lines that aren't well.
    var shown: String {
        lines.filter { $0.status != "ok" }.map { "\n\($0.name): \($0.status), \($0.evidence) - \($0.fix ?? "")" }
            .joined()
    }

    /// Expects that a check went wrong, or has a warning, with these words in its fix.
    func expect(
        _ name: String,
        _ status: String = "failed",
        fix words: String...,
        evidence: String = "",
        at location: SourceLocation = #_sourceLocation
    ) {
        let line = self[name]
        #expect(line?.status == status, "\(shown)", sourceLocation: location)
        #expect(evidence.isEmpty || line?.evidence.contains(evidence) == true, "\(shown)", sourceLocation: location)
        for word in words { #expect(line?.fix?.contains(word) == true, "\(shown)", sourceLocation: location) }
    }
}
