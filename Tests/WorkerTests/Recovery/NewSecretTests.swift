import Foundation
import LocalCloud
import TestSupport
import Testing

/// Secrets that are replaced in their files while the built program holds a job.
@Suite("New secrets", .timeLimit(.minutes(3)))
struct NewSecretTests {
    private static let user = "admin"

    private func account(_ password: String) -> LabAccount { LabAccount(username: Self.user, password: password) }

    @Test func `are used by a worker whose old ones are refused, and a sandbox in setup isn't left behind`()
        async throws
    {
        var options = LocalCloud.Options()
        options.labAccount = account("old-password")
        options.blueprints = [LabBlueprint(name: "Web lab", setup: .succeeds(after: .seconds(4)))]
        try await LocalCloud.withRunning(options) { cloud in
            _ = try await program("actions", "install", environment: cloud.environment)
            try cloud.create(
                VirtualPipeline(
                    "Nightly",
                    stages: [
                        .init(
                            "Lab",
                            [
                                .init(
                                    "Start",
                                    .init(category: "Deploy", provider: "Quali-Start-Sandbox", version: "1"),
                                    ["BlueprintName": "Web lab", "DurationInMinutes": "60"]
                                )
                            ]
                        )
                    ]
                )
            )
            try await withTemporaryFolder { folder in
                let password = try folder.write("password", "old-password\n")
                let key = try folder.write("key", cloud.options.secretAccessKey)
                var environment = cloud.environment.merging([
                    "CLOUDSHELL_PASSWORD_FILE": password, "AWS_SECRET_ACCESS_KEY_FILE": key, "LOG_LEVEL": "debug",
                    "QUALI_POLL_SECONDS": "0.2", "QUALI_STATUS_POLL_SECONDS": "0.2", "QUALI_PROGRESS_SECONDS": "0",
                ]) { $1 }
                environment["CLOUDSHELL_PASSWORD"] = nil
                environment["AWS_SECRET_ACCESS_KEY"] = nil
                let run = try ProgramRun(["run"], environment: environment, in: folder)
                let id = try cloud.codePipeline.start("Nightly")
                _ = try await cloud.lab.first { $0.first }
                // Both at once, the files first, as whoever replaces them should; then the old ones are worth nothing.
                _ = try folder.write("password", "new-password\n")
                _ = try folder.write("key", "a new secret of AWS")
                cloud.codePipeline.setSecretAccessKey("a new secret of AWS", of: cloud.options.accessKeyID)
                cloud.lab.add(account("new-password"))
                cloud.lab.forgetTokens()
                let execution = try await cloud.codePipeline.end(of: id)
                #expect(execution.status == "Succeeded", "\(execution.actions)")
                #expect(cloud.lab.sandboxes.count == 1)
                run.signal(SIGTERM)
                let ending = try await run.end()
                #expect(ending.status == 0)
                for secret in ["old-password", "new-password", "a new secret", cloud.options.secretAccessKey] {
                    #expect(!ending.errors.contains(secret))
                }
            }
        }
    }
}
