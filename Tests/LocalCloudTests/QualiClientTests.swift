import Foundation
import LocalCloud
import Testing

/// Clients that don't get along with AWS's in one environment have one beside it.
enum Clients {
    /// The path of the interpreter, `.build/clients/bin/python` where `CONFORMANCE_PYTHON` is in `.build/conformance`.
    static let python: String? = ProcessInfo.processInfo.environment["CONFORMANCE_PYTHON"].flatMap { path in
        let build = (0..<3).reduce(URL(fileURLWithPath: path)) { url, _ in url.deletingLastPathComponent() }
        let python = build.appendingPathComponent("clients/bin/python").path
        return FileManager.default.isExecutableFile(atPath: python) ? python : nil
    }

    static let condition: ConditionTrait = .enabled(
        if: python != nil,
        "beside the environment of CONFORMANCE_PYTHON there is none of Quali's clients and boto3 1.44"
    )
}

@Suite("Quali's own clients against the lab", .timeLimit(.minutes(5)))
struct QualiClientTests {
    @Test("cloudshell-sandbox-rest and cloudshell-sandboxapi-wrapper get along with it", Clients.condition)
    func clients() async throws {
        let python = try #require(Clients.python)
        let script = try #require(
            Bundle.module.url(forResource: "quali_clients", withExtension: "py", subdirectory: "Conformance")
        )
        var options = LocalCloud.Options()
        var lab = LabBlueprint.webLab
        lab.setup = .succeeds(after: .milliseconds(300))
        lab.teardown = .succeeds(after: .milliseconds(100))
        lab.components[0].commands.append(LabCommand(name: "power-cycle", duration: .zero, tag: "power"))
        options.blueprints = [lab]
        let result = try await LocalCloud.withRunning(options) { cloud in
            let url = try #require(URLComponents(string: cloud.labURL))
            var environment = ProcessInfo.processInfo.environment
            environment["LAB_HOST"] = url.host
            environment["LAB_PORT"] = url.port.map { String($0) }
            environment["LAB_USER"] = cloud.environment["CLOUDSHELL_USER"]
            environment["LAB_PASSWORD"] = cloud.environment["CLOUDSHELL_PASSWORD"]
            environment["NO_PROXY"] = "127.0.0.1"
            let result = try await run("/usr/bin/env", [python, "-B", script.path], environment: environment)
            #expect(cloud.lab.liveTokens.count == 1, "the older client can't log out, the other does")
            return result
        }
        #expect(result.status == 0, "\(result.output)")
    }
}
